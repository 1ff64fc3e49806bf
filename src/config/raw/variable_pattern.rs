//! Patterns of environment variables in `bind`.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    field::TomlValue,
    reader::{TomlNode, TomlReader},
};
use crate::model::VariablePattern;

/// Pattern over the names of environment variables that a plan is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BoundName(pub(crate) VariablePattern);

impl TomlValue for BoundName {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let text = reader.string(node)?;
        match text.parse() {
            Ok(pattern) => Some(Self(pattern)),
            Err(reason) => {
                let message = format!("`{text}` in `{}` is no name of a variable", reader.dotted());
                let problem = reader.problem("config::bind", message, node.span(), reason.to_string());
                reader.report(problem.help("letters, digits and `_`, with `*` for any text, as \"ACME_*\""));
                None
            }
        }
    }
}

impl JsonSchema for BoundName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "BoundName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "pattern": "^[A-Za-z0-9_*?]+$" })
    }
}
