//! Keywords, and names that are checked as they are read.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};

use super::{
    field::TomlValue,
    reader::{TomlNode, TomlReader},
    value_schema::value_schema,
};
use crate::model::{CreateWorkspace, EngineName, StackId};

/// Reads a string that must be one of `words`; returns the value that stands for the word.
pub(crate) fn one_of<'t, T: Copy>(
    node: &'t TomlNode<'t>,
    reader: &mut TomlReader<'t>,
    words: &[(&'static str, T)],
) -> Option<T> {
    let text = reader.string(node)?;
    let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
    if found.is_none() {
        let known: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
        let message = format!("`{}` cannot be `{text}`", reader.dotted_path());
        let diagnostic = reader
            .problem("config::word", message, node.span(), format!("one of {}", known.join(", ")))
            .did_you_mean(text, words.iter().map(|(word, _)| *word));
        reader.report(diagnostic);
    }
    found
}

/// Engine of a project or a stack: a name, or `None` for `auto`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EngineChoice(pub(crate) Option<EngineName>);

impl TomlValue for EngineChoice {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let mut words = vec![("auto", Self(None))];
        words.extend(EngineName::ALL.map(|engine| (engine.as_str(), Self(Some(engine)))));
        one_of(node, reader, &words)
    }
}

impl JsonSchema for EngineChoice {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Engine".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut words = vec!["auto"];
        words.extend(EngineName::ALL.map(EngineName::as_str));
        json_schema!({ "enum": words })
    }
}

/// Engine that Terragrunt runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DrivenEngine(pub(crate) EngineName);

impl TomlValue for DrivenEngine {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let words: Vec<_> = EngineName::driven().map(|engine| (engine.as_str(), Self(engine))).collect();
        one_of(node, reader, &words)
    }
}

impl JsonSchema for DrivenEngine {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "DrivenEngine".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<_> = EngineName::driven().map(EngineName::as_str).collect();
        json_schema!({ "enum": words })
    }
}

impl TomlValue for CreateWorkspace {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        one_of(node, reader, &[("ask", Self::Ask), ("always", Self::Always), ("never", Self::Never)])
    }
}

/// Name of a stack, by which another table refers to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StackName(pub(crate) StackId);

impl TomlValue for StackName {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let text = reader.string(node)?;
        match text.parse() {
            Ok(id) => Some(Self(id)),
            Err(error) => {
                let diagnostic = reader.problem("config::name", error.to_string(), node.span(), "");
                reader.report(diagnostic);
                None
            }
        }
    }
}

value_schema!(inline StackName, "StackName", { "type": "string" });

/// Value of a template name that the project defines: a text, number or boolean, used as text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FreeValue(pub(crate) String);

impl TomlValue for FreeValue {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        use toml::de::DeValue;
        match node.get_ref() {
            DeValue::String(text) => Some(Self(text.clone().into_owned())),
            DeValue::Integer(number) => Some(Self(number.to_string())),
            DeValue::Float(number) => Some(Self(number.to_string())),
            DeValue::Boolean(value) => Some(Self(value.to_string())),
            DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => {
                reader.report_wrong_type(node, "a string, a number or a boolean");
                None
            }
        }
    }
}

value_schema!(inline FreeValue, "FreeValue", { "type": ["string", "number", "boolean"] });
