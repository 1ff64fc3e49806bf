//! `require`: items of `check` that must pass before an environment is changed.

use super::{
    field::TomlValue,
    keywords::one_of,
    reader::{TomlNode, TomlReader},
};

/// Items of `check`, in the order in which they are shown.
const ITEMS: [&str; 15] = [
    "config",
    "isolation",
    "versions",
    "lockfiles",
    "workspace",
    "backend",
    "secrets",
    "identity",
    "branch",
    "tree",
    "promotion",
    "locks",
    "backups",
    "drift",
    "guards",
];

/// Item of `check` that must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequiredItem(pub(crate) &'static str);

impl TomlValue for RequiredItem {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        one_of(node, reader, &ITEMS.map(|item| (item, Self(item))))
    }
}

impl schemars::JsonSchema for RequiredItem {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "CheckItem".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "enum": ITEMS })
    }
}
