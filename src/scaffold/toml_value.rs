//! Values in the syntax of TOML, on one line.

use serde_json::Value;

use crate::config::toml_key;

/// Returns pairs as the content of an inline table.
pub(super) fn inline_table<'a>(values: impl Iterator<Item = (&'a str, &'a Value)>) -> String {
    let pairs: Vec<String> =
        values.map(|(name, value)| format!("{} = {}", toml_key(name), inline_value(value))).collect();
    pairs.join(", ")
}

/// Returns a value in TOML, on one line.
fn inline_value(value: &Value) -> String {
    match value {
        Value::String(text) => toml_string(text),
        // TOML has no null; backends take an empty text for one.
        Value::Null => "\"\"".to_owned(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => {
            format!("[{}]", items.iter().map(inline_value).collect::<Vec<_>>().join(", "))
        }
        Value::Object(members) => {
            format!("{{ {} }}", inline_table(members.iter().map(|(name, value)| (name.as_str(), value))))
        }
    }
}

/// Returns a name for the environment variable that holds a secret.
pub(super) fn secret_variable(environment: &str, name: &str) -> String {
    format!("{environment}_{name}").replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_ascii_uppercase()
}

/// Returns a glob that matches only this path.
pub(super) fn escaped_glob(path: &str) -> String {
    globset::escape(path)
}

/// Returns an array of strings in TOML.
pub(super) fn string_array(texts: &[impl AsRef<str>]) -> String {
    format!("[{}]", texts.iter().map(|text| toml_string(text.as_ref())).collect::<Vec<_>>().join(", "))
}

/// Returns a string in TOML, with quotes.
pub(super) fn toml_string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
