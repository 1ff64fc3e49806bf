//! Patterns of environment variables in `bind`.

use super::{
    field::TomlValue,
    reader::{TomlNode, TomlReader},
    value_schema::value_schema,
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
                let message = format!("`{text}` in `{}` is no name of a variable", reader.dotted_path());
                let problem = reader.problem("config::bind", message, node.span(), reason.to_string());
                reader.report(problem.help("letters, digits and `_`, with `*` for any text, as \"ACME_*\""));
                None
            }
        }
    }
}

value_schema!(inline BoundName, "BoundName", { "type": "string", "pattern": "^[A-Za-z0-9_*?]+$" });
