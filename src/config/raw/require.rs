//! `require`: items of `envctl check` that must pass before an environment is changed.

use super::{
    field::TomlValue,
    keywords::one_of,
    reader::{TomlNode, TomlReader},
    value_schema::value_schema,
};

/// Items of `envctl check`, in the order in which error messages list them.
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

/// Item of `envctl check` that must pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RequiredItem(pub(crate) &'static str);

impl TomlValue for RequiredItem {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        one_of(node, reader, &ITEMS.map(|item| (item, Self(item))))
    }
}

value_schema!(RequiredItem, "CheckItem", { "enum": ITEMS });
