//! Paths of attributes, as `tags.Name` or `labels["a.b"]`.

use serde_json::Value;

/// Returns the path of a member of the object at `path`; the empty path is the whole resource.
pub fn member_path(path: &str, name: &str) -> String {
    let plain = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_-".contains(c));
    match (path.is_empty(), plain) {
        (true, true) => name.to_owned(),
        (false, true) => format!("{path}.{name}"),
        (_, false) => format!("{path}[{}]", Value::from(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_no_plain_words_are_quoted() {
        assert_eq!(member_path("", "tags"), "tags");
        assert_eq!(member_path("tags", "Name"), "tags.Name");
        assert_eq!(member_path("tags", "a.b"), "tags[\"a.b\"]");
        assert_eq!(member_path("", ""), "[\"\"]");
    }
}
