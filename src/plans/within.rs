//! Check that a plan made after the confirmation changes nothing that was not confirmed.

use std::collections::HashSet;

use super::other_values::differing_paths;
use crate::model::{Action, Changes, PlannedDigests, ResourceChange};

/// Changes of a plan, with the values that it would set.
#[derive(Debug, Clone, Copy)]
pub struct PlanContent<'a> {
    /// Changes of the plan.
    pub changes: &'a Changes,
    /// Digests of the values that the plan would set, as far as they are known.
    pub known_values: &'a PlannedDigests,
}

/// Describes each change of a later plan that the confirmed plan does not have, one line per change; empty when there is
/// none.
///
/// A later plan is within the confirmed one if each of its changes was confirmed with the same address, action, previous address and
/// import, touches no attribute that the confirmed change left alone, and sets no known value differently.
/// Fewer changes than confirmed are within.
pub fn changes_beyond_confirmed(confirmed: PlanContent<'_>, later: PlanContent<'_>) -> Vec<String> {
    let mut found = Vec::new();
    for change in later.changes.resources.iter().filter(|c| c.is_change()) {
        let same = confirmed
            .changes
            .resources
            .iter()
            .find(|c| c.address == change.address && c.deposed == change.deposed && c.is_change());
        let Some(before) = same else {
            found.push(format!("{} {}: not in what was confirmed", change.action.as_str(), change.address));
            continue;
        };
        if let Some(difference) = difference(before, change) {
            found.push(difference);
            continue;
        }
        let (then, now) = (confirmed.known_values.resource(before), later.known_values.resource(change));
        let others = differing_paths(then, now);
        if !others.is_empty() {
            found.push(format!("{}: {}", change.address, other_values_text(&others)));
        }
    }
    for output in &later.changes.outputs {
        let name = &output.name;
        let seen = confirmed.changes.outputs.iter().any(|o| o.name == *name && o.action == output.action);
        if !seen {
            found.push(format!("{} output `{name}`: not in what was confirmed", output.action.as_str()));
        } else if !differing_paths(confirmed.known_values.output(name), later.known_values.output(name))
            .is_empty()
        {
            found.push(format!("output `{name}`: has another value than was confirmed"));
        }
    }
    for action in &later.changes.actions {
        if !confirmed.changes.actions.contains(action) {
            found.push(format!("invoke {action}: not in what was confirmed"));
            continue;
        }
        let others =
            differing_paths(confirmed.known_values.action(action), later.known_values.action(action));
        if !others.is_empty() {
            found.push(format!("{action}: {}", other_values_text(&others)));
        }
    }
    found
}

/// Describes attributes with other values; an empty path is the object as a whole.
fn other_values_text(paths: &[String]) -> String {
    match paths {
        [path] if path.is_empty() => "has other values than were confirmed".to_owned(),
        paths => format!("sets {} to another value than was confirmed", paths.join(", ")),
    }
}

fn difference(before: &ResourceChange, after: &ResourceChange) -> Option<String> {
    let address = &after.address;
    if before.action != after.action {
        return Some(format!(
            "{} {address}: was confirmed as {}",
            after.action.as_str(),
            before.action.as_str()
        ));
    }
    if before.previous_address != after.previous_address || before.importing != after.importing {
        return Some(format!("{address}: moved or imported differently from the confirmed plan"));
    }
    // A new object has all its attributes, so attributes that became known meanwhile are no difference.
    if matches!(after.action, Action::Create | Action::ForgetAndCreate) {
        return None;
    }
    let seen: HashSet<&str> = before.attributes.iter().map(String::as_str).collect();
    let more: Vec<&str> =
        after.attributes.iter().map(String::as_str).filter(|a| !is_confirmed_path(&seen, a)).collect();
    (!more.is_empty()).then(|| format!("{address}: changes {} as well", more.join(", ")))
}

/// Returns true if the path or a parent of it was confirmed as changed: a value that was confirmed as a whole
/// is compared by its digest.
fn is_confirmed_path(seen: &HashSet<&str>, path: &str) -> bool {
    let above = path.char_indices().filter(|(_, c)| ".[".contains(*c)).map(|(at, _)| &path[..at]);
    above.chain([path]).any(|path| seen.contains(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ActionInvocation, ActionTrigger, OutputChange, ReplaceOrder, ValueDigest};

    fn changes(list: &[(&str, Action, &[&str])]) -> Changes {
        let resources = list
            .iter()
            .map(|(address, action, attributes)| ResourceChange {
                attributes: attributes.iter().map(|a| (*a).to_owned()).collect(),
                ..ResourceChange::new(address.parse().unwrap(), *action)
            })
            .collect();
        Changes { resources, ..Changes::default() }
    }

    /// Compares two plans by addresses, actions and attributes, without values.
    fn changes_beyond_confirmed(confirmed: &Changes, later: &Changes) -> Vec<String> {
        let known = PlannedDigests::default();
        super::changes_beyond_confirmed(
            PlanContent { changes: confirmed, known_values: &known },
            PlanContent { changes: later, known_values: &known },
        )
    }

    #[test]
    fn fewer_changes_are_within() {
        let confirmed = changes(&[("a.b", Action::Update, &["x", "y"]), ("a.c", Action::Create, &[])]);
        assert!(
            changes_beyond_confirmed(&confirmed, &changes(&[("a.b", Action::Update, &["x"])])).is_empty()
        );
        assert!(changes_beyond_confirmed(&confirmed, &Changes::default()).is_empty());
    }

    #[test]
    fn another_address_action_or_attribute_is_beyond() {
        let confirmed = changes(&[("a.b", Action::Update, &["x"])]);
        let replace = Action::Replace(ReplaceOrder::DeleteFirst);
        for (later, text) in [
            (changes(&[("a.d", Action::Delete, &[])]), "delete a.d: not in what was confirmed"),
            (changes(&[("a.b", replace, &["x"])]), "replace a.b: was confirmed as update"),
            (changes(&[("a.b", Action::Update, &["x", "z"])]), "a.b: changes z as well"),
        ] {
            assert_eq!(changes_beyond_confirmed(&confirmed, &later), [text]);
        }
    }

    #[test]
    fn another_action_trigger_or_configuration_of_an_action_is_beyond() {
        let invoke = |address: &str, event: Option<&str>| ActionInvocation {
            address: address.parse().unwrap(),
            trigger: event
                .map(|event| ActionTrigger { resource: "a.b".parse().unwrap(), event: event.to_owned() }),
        };
        let of = |action: ActionInvocation| Changes { actions: vec![action], ..Changes::default() };
        let confirmed = of(invoke("action.x.run", Some("AfterCreate")));
        assert!(changes_beyond_confirmed(&confirmed, &confirmed).is_empty());
        for (other, text) in [
            (invoke("action.x.stop", Some("AfterCreate")), "action.x.stop (AfterCreate of a.b)"),
            (invoke("action.x.run", Some("AfterUpdate")), "action.x.run (AfterUpdate of a.b)"),
            (invoke("action.x.run", None), "action.x.run"),
        ] {
            assert_eq!(
                changes_beyond_confirmed(&confirmed, &of(other)),
                [format!("invoke {text}: not in what was confirmed")]
            );
        }
        let known = |text: &str| {
            let mut known = PlannedDigests::default();
            known.add_action(&confirmed.actions[0], ValueDigest::Digest(text.to_owned()));
            known
        };
        let content = |known| PlanContent { changes: &confirmed, known_values: known };
        assert_eq!(
            super::changes_beyond_confirmed(content(&known("1")), content(&known("2"))),
            ["action.x.run (AfterCreate of a.b): has other values than were confirmed"]
        );
    }

    #[test]
    fn an_attribute_below_a_confirmed_one_is_confirmed() {
        let confirmed = changes(&[("a.b", Action::Update, &["input", "tags"])]);
        let later = changes(&[("a.b", Action::Update, &["input.size", "input[0]", "tags[\"a.b\"]", "tag"])]);
        assert_eq!(changes_beyond_confirmed(&confirmed, &later), ["a.b: changes tag as well"]);
    }

    #[test]
    fn another_value_of_a_resource_or_an_output_is_beyond() {
        let mut changes = changes(&[("a.b", Action::Create, &[])]);
        changes.outputs.push(OutputChange { name: "o".to_owned(), action: Action::Update });
        let known = |size: &str, output: &str| {
            let mut known = PlannedDigests::default();
            let size = ValueDigest::Digest(size.to_owned());
            known.add_resource(&changes.resources[0], ValueDigest::Map([("size".to_owned(), size)].into()));
            known.add_output("o", ValueDigest::Digest(output.to_owned()));
            known
        };
        let beyond = |later: PlannedDigests| {
            let confirmed = PlanContent { changes: &changes, known_values: &known("1", "2") };
            super::changes_beyond_confirmed(
                confirmed,
                PlanContent { changes: &changes, known_values: &later },
            )
        };
        assert!(beyond(known("1", "2")).is_empty());
        assert_eq!(
            beyond(known("3", "4")),
            [
                "a.b: sets size to another value than was confirmed",
                "output `o`: has another value than was confirmed"
            ]
        );
    }
}
