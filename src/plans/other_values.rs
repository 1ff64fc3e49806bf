//! Comparison of the values that two plans of a stack would set.

use crate::model::{ValueDigest, member_path};

/// Returns the paths at which a later plan sets another value than the confirmed one. Where the confirmed
/// plan did not know the value, any value is accepted.
pub(super) fn differing_paths(confirmed: Option<&ValueDigest>, later: Option<&ValueDigest>) -> Vec<String> {
    let mut found = Vec::new();
    match (confirmed, later) {
        (Some(confirmed), Some(later)) => compare(confirmed, later, "", &mut found),
        // The later plan sets nothing.
        (_, None) => {}
        (None, Some(_)) => found.push(String::new()),
    }
    found
}

fn compare(confirmed: &ValueDigest, later: &ValueDigest, path: &str, found: &mut Vec<String>) {
    use ValueDigest::{List, Map, Part, Unknown};
    match (confirmed, later) {
        (Unknown, _) => {}
        (Map(then) | Part(then), Map(now) | Part(now)) => {
            let whole = matches!((confirmed, later), (Map(_), Map(_)));
            for (name, value) in now {
                let seen = then.get(name).unwrap_or(&ValueDigest::Null);
                compare(seen, value, &member_path(path, name), found);
            }
            // An update that leaves an attribute as it is does less than was confirmed.
            let gone = then.iter().filter(|(name, _)| whole && !now.contains_key(*name));
            for (name, value) in gone {
                compare(value, &ValueDigest::Null, &member_path(path, name), found);
            }
        }
        (List(then), List(now)) if then.len() == now.len() => {
            let mut differing = Vec::new();
            for (index, (then, now)) in then.iter().zip(now).enumerate() {
                compare(then, now, &format!("{path}[{index}]"), &mut differing);
            }
            if !differing.is_empty() && !same_set(then, now) {
                found.extend(differing);
            }
        }
        (then, now) if then == now => {}
        _ => found.push(path.to_owned()),
    }
}

/// Returns true if two lists hold equal elements in any order. A plan lists the elements of a set in an order
/// that changes once unknown elements become known.
fn same_set(then: &[ValueDigest], now: &[ValueDigest]) -> bool {
    if !then.iter().any(ValueDigest::has_unknown) {
        return false;
    }
    let mut left: Vec<&ValueDigest> = now.iter().collect();
    let (open, settled): (Vec<&ValueDigest>, Vec<&ValueDigest>) =
        then.iter().partition(|known| known.has_unknown());
    // An element that was fully known matches one candidate at most, so these choose before those with
    // unknown parts.
    settled.into_iter().chain(open).all(|known| {
        let met = left.iter().position(|candidate| differing_paths(Some(known), Some(candidate)).is_empty());
        met.map(|at| left.swap_remove(at)).is_some()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> ValueDigest {
        ValueDigest::Digest(text.to_owned())
    }

    fn map<const N: usize>(members: [(&str, ValueDigest); N]) -> ValueDigest {
        ValueDigest::Map(members.into_iter().map(|(name, known)| (name.to_owned(), known)).collect())
    }

    fn part<const N: usize>(members: [(&str, ValueDigest); N]) -> ValueDigest {
        ValueDigest::Part(members.into_iter().map(|(name, known)| (name.to_owned(), known)).collect())
    }

    fn others(confirmed: &ValueDigest, later: &ValueDigest) -> Vec<String> {
        differing_paths(Some(confirmed), Some(later))
    }

    #[test]
    fn an_unknown_value_matches_any_and_a_known_one_only_itself() {
        let confirmed =
            map([("id", ValueDigest::Unknown), ("name", value("n")), ("tags", map([("a", value("1"))]))]);
        let same = map([("id", value("i")), ("name", value("n")), ("tags", map([("a", value("1"))]))]);
        let other = map([("id", value("i")), ("name", value("m")), ("tags", map([("a", value("2"))]))]);
        assert!(others(&confirmed, &same).is_empty());
        assert_eq!(others(&confirmed, &other), ["name", "tags.a"]);
    }

    #[test]
    fn a_new_object_with_more_or_fewer_members_differs() {
        let confirmed = map([("a", value("1")), ("b", ValueDigest::Null)]);
        assert_eq!(others(&confirmed, &map([("a", value("1")), ("b", value("2"))])), ["b"]);
        assert_eq!(others(&confirmed, &map([("a", value("1")), ("c", value("2"))])), ["c"]);
        assert_eq!(others(&confirmed, &map([])), ["a"]);
        assert!(others(&confirmed, &map([("a", value("1"))])).is_empty(), "absent is null");
        assert_eq!(others(&confirmed, &map([("a", ValueDigest::Unknown)])), ["a"], "it was known");
    }

    #[test]
    fn an_update_that_does_less_is_within() {
        let confirmed = part([("a", value("1")), ("b", value("2"))]);
        assert!(others(&confirmed, &part([("a", value("1"))])).is_empty());
        assert_eq!(others(&confirmed, &part([("a", value("3"))])), ["a"]);
    }

    #[test]
    fn a_set_may_change_its_order_once_its_elements_are_known() {
        let confirmed = ValueDigest::List(vec![value("a"), ValueDigest::Unknown, value("b")]);
        let list = |items: &[&str]| ValueDigest::List(items.iter().map(|item| value(item)).collect());
        assert!(others(&confirmed, &list(&["b", "a", "new"])).is_empty());
        assert_eq!(others(&confirmed, &list(&["b", "new", "other"])), ["[0]", "[2]"]);
        assert_eq!(others(&list(&["a", "b"]), &list(&["b", "a"])), ["[0]", "[1]"], "all of it was known");
        assert_eq!(others(&confirmed, &list(&["a", "b"])), [""]);
    }
}
