//! Values of a plan that rest on a stand-in for an output that does not exist yet: they are not known.
//!
//! Nothing in a plan tells where a value came from. One that is, or holds, a stand-in counts as made of it.

use serde_json::{Map, Value};

use super::{call::Dialect, document::document};

/// A shorter text is looked for as a whole only: parts of it are in every word.
const SHORTEST: usize = 6;

/// The output of `show -json PLAN` with every such value unknown.
pub(super) fn unknown_where_standing_in(
    text: &[u8],
    dialect: Dialect,
    stand_ins: &[Value],
) -> Result<Vec<u8>, serde_json::Error> {
    let mut plan: Value = document(text, dialect)?;
    let leaves = scalars(stand_ins);
    for change in plan["resource_changes"].as_array_mut().into_iter().flatten() {
        mark(&mut change["change"], &leaves);
    }
    for change in plan["output_changes"].as_object_mut().into_iter().flat_map(Map::values_mut) {
        mark(change, &leaves);
    }
    serde_json::to_vec(&plan)
}

fn scalars(values: &[Value]) -> Vec<&Value> {
    let mut found = Vec::new();
    for value in values {
        match value {
            Value::Array(items) => {
                found.extend(items.iter().flat_map(|item| scalars(std::slice::from_ref(item))));
            }
            Value::Object(members) => {
                found.extend(members.values().flat_map(|member| scalars(std::slice::from_ref(member))));
            }
            Value::Null => {}
            scalar => found.push(scalar),
        }
    }
    found
}

fn mark(change: &mut Value, leaves: &[&Value]) {
    let Some(change) = change.as_object_mut() else { return };
    let (before, after) = (change.get("before").cloned(), change.get("after").cloned());
    if let Some(after) = after {
        let unknown = change.entry("after_unknown").or_insert(Value::Bool(false));
        mark_below(before.as_ref(), &after, unknown, leaves);
    }
}

/// Marks in `unknown`, which has the shape of `after`, what rests on a stand-in and would be set.
fn mark_below(before: Option<&Value>, after: &Value, unknown: &mut Value, leaves: &[&Value]) {
    if before == Some(after) || *unknown == Value::Bool(true) {
        return;
    }
    match after {
        Value::Object(members) => {
            if !unknown.is_object() {
                *unknown = Value::Object(Map::new());
            }
            for (name, member) in members {
                let mut below = unknown.get(name).cloned().unwrap_or(Value::Bool(false));
                mark_below(before.and_then(|b| b.get(name)), member, &mut below, leaves);
                if below != Value::Bool(false) {
                    unknown[name.as_str()] = below;
                }
            }
        }
        Value::Array(items) => {
            let mut marked: Vec<Value> = unknown.as_array().cloned().unwrap_or_default();
            marked.resize(items.len(), Value::Bool(false));
            for (at, item) in items.iter().enumerate() {
                mark_below(before.and_then(|b| b.get(at)), item, &mut marked[at], leaves);
            }
            *unknown = Value::Array(marked);
        }
        scalar if leaves.iter().any(|leaf| rests_on(scalar, leaf)) => *unknown = Value::Bool(true),
        _ => {}
    }
}

fn rests_on(value: &Value, stand_in: &Value) -> bool {
    match (value, stand_in) {
        (Value::String(text), Value::String(part)) if part.len() >= SHORTEST => text.contains(part.as_str()),
        _ => value == stand_in,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_or_holds_a_stand_in_is_unknown_and_nothing_else() {
        let plan = json!({
            "resource_changes": [{ "address": "a.b", "change": {
                "actions": ["update"],
                "before": { "same": "vpc-000000", "id": "vpc-1", "tags": { "a": "1" }, "n": 1 },
                "after": { "same": "vpc-000000", "id": "vpc-000000", "tags": { "a": "in vpc-000000", "b": "x" }, "n": 7,
                           "list": ["zone", "own"] },
                "after_unknown": { "arn": true },
            } }],
            "output_changes": { "o": { "actions": ["create"], "before": null, "after": "vpc-000000", "after_unknown": false } },
        });
        let stand_ins = [json!("vpc-000000"), json!({ "zones": ["zone"], "count": 7 })];
        let text = serde_json::to_vec(&plan).unwrap();
        let marked = unknown_where_standing_in(&text, Dialect::Pure, &stand_ins).unwrap();
        let marked: Value = serde_json::from_slice(&marked).unwrap();
        assert_eq!(
            marked["resource_changes"][0]["change"]["after_unknown"],
            json!({ "arn": true, "id": true, "tags": { "a": true }, "n": true, "list": [true, false] })
        );
        assert_eq!(marked["output_changes"]["o"]["after_unknown"], json!(true));
    }
}
