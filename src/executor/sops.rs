//! Documents that `sops` decrypts: the value at a key, and which keys there are.

/// Returns the text at a dotted key; a key that holds dots itself is found as a whole first.
pub(super) fn pick(document: &serde_json::Value, key: &str) -> Option<String> {
    let found =
        document.get(key).or_else(|| key.split('.').try_fold(document, |value, part| value.get(part)))?;
    match found {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        serde_json::Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Returns the names of the keys at the top, for a message; empty where there is none.
pub(super) fn keys(document: &serde_json::Value) -> String {
    let names: Vec<&str> = document
        .as_object()
        .into_iter()
        .flatten()
        .map(|(k, _)| k.as_str())
        .filter(|k| *k != "sops")
        .collect();
    if names.is_empty() { String::new() } else { format!("; it holds {}", names.join(", ")) }
}
