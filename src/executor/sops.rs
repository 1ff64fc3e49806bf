//! Documents that `sops` decrypts: the value at a key, and the names of the keys.

use serde_json::Value;

use crate::engine::ExactJson;

/// Returns the text at a dotted key; a key that itself contains dots is looked up as a whole first.
pub(super) fn text_at_key(document: &ExactJson, key: &str) -> Option<String> {
    let found = document
        .member(key)
        .or_else(|| key.split('.').try_fold(document, |value, part| value.member(part)))?;
    match found {
        ExactJson::Plain(Value::String(text)) => Some(text.clone()),
        ExactJson::Number(number) => Some(number.get().to_owned()),
        ExactJson::Plain(Value::Bool(flag)) => Some(flag.to_string()),
        _ => None,
    }
}

/// Returns the names of the top-level keys for a message, or an empty text without any.
pub(super) fn keys_text(document: &ExactJson) -> String {
    let ExactJson::Object(members) = document else { return String::new() };
    let names: Vec<&str> = members.keys().map(String::as_str).filter(|name| *name != "sops").collect();
    if names.is_empty() { String::new() } else { format!("; it holds {}", names.join(", ")) }
}
