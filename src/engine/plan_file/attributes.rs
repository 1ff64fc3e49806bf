//! Names of the attributes that a planned change touches, never their values.

use serde_json::{Map, Value};

use crate::model::member_path;

/// Collects the paths at which a value before and a value after differ, or at which the value after is not known yet.
///
/// No path below a value that is marked sensitive before or after is named, since even its keys may be secret.
pub(in crate::engine) struct AttributeComparison {
    /// Paths of the attributes that differ.
    differing_paths: Vec<String>,
}

/// Attribute of a resource with its values before and after, and the marks of `show -json` on them.
#[derive(Clone, Copy)]
pub(in crate::engine) struct AttributeChange<'v> {
    /// Value before; null if there is none.
    pub(in crate::engine) before: &'v Value,
    /// Value after; null if there is none or if it is not known yet.
    pub(in crate::engine) after: &'v Value,
    /// Mark of values that are not known yet: `true`, or an object or a list of marks.
    pub(in crate::engine) unknown: &'v Value,
    /// Mark of sensitive values before, in the form of `unknown`.
    pub(super) before_sensitive: &'v Value,
    /// Mark of sensitive values after, in the form of `unknown`.
    pub(super) after_sensitive: &'v Value,
}

/// Returns the sorted paths of the attributes that differ: `tags.Name`, `ingress[0].from_port`.
pub(in crate::engine) fn changed(change: AttributeChange<'_>) -> Vec<String> {
    let mut comparison = AttributeComparison { differing_paths: Vec::new() };
    comparison.visit(change, "");
    comparison.differing_paths.sort();
    comparison.differing_paths
}

impl AttributeComparison {
    fn visit(&mut self, change: AttributeChange<'_>, path: &str) {
        let masked = change.is_masked();
        match (change.before, change.after) {
            _ if is_true(change.unknown) => self.differing_paths.push(path.to_owned()),
            (Value::Object(_), Value::Object(_)) if !masked => {
                for (key, member) in change.members() {
                    self.visit(member, &member_path(path, key));
                }
            }
            (Value::Array(before), Value::Array(after)) if !masked && before.len() == after.len() => {
                for index in 0..before.len() {
                    self.visit(change.item(index), &format!("{path}[{index}]"));
                }
            }
            (before, after) => {
                if before != after || has_unknown(change.unknown) {
                    self.differing_paths.push(path.to_owned());
                }
            }
        }
    }
}

impl<'v> AttributeChange<'v> {
    /// Returns true if either value is sensitive as a whole.
    pub(super) fn is_masked(self) -> bool {
        is_true(self.before_sensitive) || is_true(self.after_sensitive)
    }

    /// Returns the members of an object by name: those of the value before, those of the value after, and those that are
    /// not known yet.
    pub(in crate::engine) fn members(self) -> Vec<(&'v String, Self)> {
        let of = |value: &'v Value| value.as_object().into_iter().flat_map(Map::keys);
        let mut names: Vec<&String> = of(self.before).chain(of(self.after)).chain(of(self.unknown)).collect();
        names.sort();
        names.dedup();
        names.into_iter().map(|name| (name, self.part(&|value| value.get(name.as_str())))).collect()
    }

    /// Returns an element of a list.
    pub(in crate::engine) fn item(self, index: usize) -> Self {
        self.part(&|value| value.get(index))
    }

    /// Returns the part of the values and marks that `get` selects.
    fn part(self, get: &dyn Fn(&'v Value) -> Option<&'v Value>) -> Self {
        let at = |value| get(value).unwrap_or(&Value::Null);
        // A mark that is `true` holds for everything below it.
        let mask = |value| if is_true(value) { value } else { at(value) };
        Self {
            before: at(self.before),
            after: at(self.after),
            unknown: mask(self.unknown),
            before_sensitive: mask(self.before_sensitive),
            after_sensitive: mask(self.after_sensitive),
        }
    }
}

/// Returns true if a mark holds for the whole value.
pub(super) fn is_true(value: &Value) -> bool {
    *value == Value::Bool(true)
}

/// Returns true if a mark holds for a value or any part of it.
pub(super) fn has_unknown(value: &Value) -> bool {
    match value {
        Value::Bool(unknown) => *unknown,
        Value::Array(items) => items.iter().any(has_unknown),
        Value::Object(items) => items.values().any(has_unknown),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn paths(before: &Value, after: &Value, unknown: &Value, sensitive: &Value) -> Vec<String> {
        let (before_sensitive, after_sensitive) = (sensitive, &json!({}));
        changed(AttributeChange { before, after, unknown, before_sensitive, after_sensitive })
    }

    #[test]
    fn only_what_differs_is_named_down_to_the_leaf() {
        let before =
            json!({"a": 1, "tags": {"Name": "x", "a.b": "y"}, "list": [{"p": 1}, {"p": 2}], "gone": "z"});
        let after =
            json!({"a": 1, "tags": {"Name": "x", "a.b": "n"}, "list": [{"p": 1}, {"p": 3}], "gone": null});
        let found = paths(&before, &after, &json!({}), &json!({}));
        assert_eq!(found, ["gone", "list[1].p", "tags[\"a.b\"]"]);
    }

    #[test]
    fn unknown_values_count_as_changed() {
        let found = paths(
            &json!({"id": "i", "o": [1]}),
            &json!({"o": [1]}),
            &json!({"id": true, "o": [true]}),
            &json!({}),
        );
        assert_eq!(found, ["id", "o[0]"]);
    }

    #[test]
    fn keys_of_a_sensitive_map_are_not_named() {
        let found =
            paths(&json!({"m": {"k": 1}}), &json!({"m": {"other": 1}}), &json!({}), &json!({"m": true}));
        assert_eq!(found, ["m"]);
        assert!(
            paths(&json!({"m": {"k": 1}}), &json!({"m": {"k": 1}}), &json!({}), &json!({"m": true}))
                .is_empty()
        );
    }

    #[test]
    fn lists_of_another_length_are_named_as_a_whole() {
        assert_eq!(paths(&json!({"l": [1]}), &json!({"l": [1, 2]}), &json!({}), &json!({})), ["l"]);
    }
}
