//! Digests of the values that a plan sets; no value can be read from them.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::attributes::{AttributeChange, has_unknown, is_true};
use crate::model::{Action, ValueDigest, hex};

/// Returns the digests of the known values that a change of a resource or an output sets; `None` if it sets none.
pub(in crate::engine) fn known_values_digest(
    action: Action,
    change: AttributeChange<'_>,
) -> Option<ValueDigest> {
    match action {
        Action::NoOp | Action::Read | Action::Delete | Action::Forget => None,
        Action::Update => Some(digests_of_difference(change)),
        Action::Create | Action::Replace(_) | Action::ForgetAndCreate | Action::Unknown => {
            Some(digests_of_whole(change))
        }
    }
}

/// Returns the digests of the parts of a value that differ between before and after. A list counts as a whole.
fn digests_of_difference(change: AttributeChange<'_>) -> ValueDigest {
    let (Value::Object(_), Value::Object(_), false) = (change.before, change.after, change.is_masked())
    else {
        return digests_of_whole(change);
    };
    let changed = change.members().into_iter().filter_map(|(name, member)| {
        let changes = member.before != member.after || has_unknown(member.unknown);
        changes.then(|| (name.clone(), digests_of_difference(member)))
    });
    ValueDigest::Part(changed.collect())
}

/// Returns the digests of a whole value as it is after the change.
fn digests_of_whole(change: AttributeChange<'_>) -> ValueDigest {
    if is_true(change.unknown) || (change.is_masked() && has_unknown(change.unknown)) {
        return ValueDigest::Unknown;
    }
    match change.after {
        // Even the names below a sensitive value are left out.
        value if change.is_masked() && !value.is_null() => digest(value),
        Value::Object(_) => {
            let all =
                change.members().into_iter().map(|(name, member)| (name.clone(), digests_of_whole(member)));
            ValueDigest::Map(all.collect::<BTreeMap<_, _>>())
        }
        Value::Array(items) => {
            ValueDigest::List((0..items.len()).map(|at| digests_of_whole(change.item(at))).collect())
        }
        Value::Null if has_unknown(change.unknown) => ValueDigest::Unknown,
        Value::Null => ValueDigest::Null,
        value => digest(value),
    }
}

fn digest(value: &Value) -> ValueDigest {
    ValueDigest::Digest(hex(&Sha256::digest(value.to_string())))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn change<'v>(
        before: &'v Value,
        after: &'v Value,
        unknown: &'v Value,
        sensitive: &'v Value,
    ) -> AttributeChange<'v> {
        AttributeChange { before, after, unknown, before_sensitive: &Value::Null, after_sensitive: sensitive }
    }

    fn map<const N: usize>(members: [(&str, ValueDigest); N]) -> BTreeMap<String, ValueDigest> {
        members.into_iter().map(|(name, known)| (name.to_owned(), known)).collect()
    }

    #[test]
    fn a_new_object_is_known_as_a_whole_but_for_what_comes_with_the_apply() {
        let after = json!({ "name": "n", "none": null, "list": ["a", null] });
        let unknown = json!({ "id": true, "list": [false, true] });
        let found = known_values_digest(Action::Create, change(&Value::Null, &after, &unknown, &Value::Null))
            .unwrap();
        let list = ValueDigest::List(vec![digest(&json!("a")), ValueDigest::Unknown]);
        let expected = [
            ("name", digest(&json!("n"))),
            ("none", ValueDigest::Null),
            ("list", list),
            ("id", ValueDigest::Unknown),
        ];
        assert_eq!(found, ValueDigest::Map(map(expected)));
    }

    #[test]
    fn an_update_is_known_by_what_it_changes() {
        let before = json!({ "size": 1, "kept": "k", "tags": { "a": "1", "b": "2" } });
        let after = json!({ "size": 2, "kept": "k", "tags": { "a": "1", "b": "3" } });
        let found =
            known_values_digest(Action::Update, change(&before, &after, &json!({}), &json!({}))).unwrap();
        let tags = ValueDigest::Part(map([("b", digest(&json!("3")))]));
        assert_eq!(found, ValueDigest::Part(map([("size", digest(&json!(2))), ("tags", tags)])));
    }

    #[test]
    fn no_part_of_a_sensitive_value_is_kept_not_even_its_names() {
        let after = json!({ "secret": { "SENTINEL": "x" }, "late": { "SENTINEL": null } });
        let (unknown, sensitive) =
            (json!({ "late": { "SENTINEL": true } }), json!({ "secret": true, "late": true }));
        let found =
            known_values_digest(Action::Create, change(&Value::Null, &after, &unknown, &sensitive)).unwrap();
        assert!(!serde_json::to_string(&found).unwrap().contains("SENTINEL"), "{found:?}");
        let ValueDigest::Map(members) = found else { panic!("no map") };
        assert!(matches!(members["secret"], ValueDigest::Digest(_)));
        assert_eq!(members["late"], ValueDigest::Unknown);
    }

    #[test]
    fn a_delete_and_a_no_op_set_no_values() {
        let (before, after) = (json!({ "a": 1 }), Value::Null);
        for action in [Action::Delete, Action::Forget, Action::Read, Action::NoOp] {
            assert_eq!(known_values_digest(action, change(&before, &after, &json!({}), &json!({}))), None);
        }
    }
}
