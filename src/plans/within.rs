//! Whether a plan that was made after the confirmation is within what was confirmed.

use std::collections::HashSet;

use crate::model::{Action, Changes, ResourceChange};

/// What a later plan holds beyond the confirmed one, a line each; empty when it is within.
///
/// Within means: every address was confirmed with that very action, previous address and import, and no attribute
/// changes that was not seen to change. Fewer changes than confirmed are within.
pub fn beyond(confirmed: &Changes, later: &Changes) -> Vec<String> {
    let mut found = Vec::new();
    for change in later.resources.iter().filter(|c| c.is_change()) {
        let same = confirmed
            .resources
            .iter()
            .find(|c| c.address == change.address && c.deposed == change.deposed && c.is_change());
        match same {
            None => found.push(format!(
                "{} {}: not in what was confirmed",
                change.action.as_str(),
                change.address
            )),
            Some(before) => found.extend(difference(before, change)),
        }
    }
    for output in &later.outputs {
        let seen = confirmed.outputs.iter().any(|o| o.name == output.name && o.action == output.action);
        if !seen {
            found.push(format!(
                "{} output `{}`: not in what was confirmed",
                output.action.as_str(),
                output.name
            ));
        }
    }
    found
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
        return Some(format!("{address}: moves or imports otherwise than was confirmed"));
    }
    // A new object has all its attributes; which of them are known by now is no difference.
    if matches!(after.action, Action::Create | Action::ForgetAndCreate) {
        return None;
    }
    let seen: HashSet<&String> = before.attributes.iter().collect();
    let more: Vec<&str> = after.attributes.iter().filter(|a| !seen.contains(a)).map(String::as_str).collect();
    (!more.is_empty()).then(|| format!("{address}: changes {} as well", more.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::ReplaceOrder;

    fn changes(list: &[(&str, Action, &[&str])]) -> Changes {
        let resources = list
            .iter()
            .map(|(address, action, attributes)| ResourceChange {
                attributes: attributes.iter().map(|a| (*a).to_owned()).collect(),
                ..ResourceChange::new(address.parse().unwrap(), *action)
            })
            .collect();
        Changes { resources, outputs: vec![] }
    }

    #[test]
    fn fewer_changes_are_within() {
        let confirmed = changes(&[("a.b", Action::Update, &["x", "y"]), ("a.c", Action::Create, &[])]);
        assert!(beyond(&confirmed, &changes(&[("a.b", Action::Update, &["x"])])).is_empty());
        assert!(beyond(&confirmed, &Changes::default()).is_empty());
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
            assert_eq!(beyond(&confirmed, &later), [text]);
        }
    }
}
