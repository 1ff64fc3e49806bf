//! Items that a saved plan is bound to, by name, each with its value at the time of the plan.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Item that a saved plan is bound to, with its value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BoundItem {
    /// Name of the item, as refusals print it: `workspace`, `file infra/app/main.tf`.
    pub item: String,
    /// Value of the item as plain text, or a digest: `sha256:…`, `keyed:…`.
    pub value: String,
}

/// Items in the order in which they are compared.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Binding(Vec<BoundItem>);

/// Prefix of the value of a file: its SHA-256 follows.
pub const SHA256: &str = "sha256:";

/// Suffix of the value of a file that its owner may execute.
pub const EXECUTABLE: &str = " executable";

/// Prefix of a digest made with the project's key.
pub const KEYED: &str = "keyed:";

impl Binding {
    /// Adds an item, or replaces the value of the item of that name.
    pub fn bind(&mut self, item: impl Into<String>, value: impl Into<String>) {
        let (item, value) = (item.into(), value.into());
        match self.0.iter_mut().find(|bound| bound.item == item) {
            Some(bound) => bound.value = value,
            None => self.0.push(BoundItem { item, value }),
        }
    }

    /// Appends all items of another binding.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Returns the value of an item.
    pub fn get(&self, item: &str) -> Option<&str> {
        self.0.iter().find(|bound| bound.item == item).map(|bound| bound.value.as_str())
    }

    /// Iterates over the items in order.
    pub fn items(&self) -> impl Iterator<Item = &BoundItem> {
        self.0.iter()
    }

    /// Returns the binding without these items.
    #[must_use]
    pub fn without_items(&self, items: &[&str]) -> Self {
        Self(self.0.iter().filter(|bound| !items.contains(&bound.item.as_str())).cloned().collect())
    }

    /// Iterates over the names of all items.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|bound| bound.item.as_str())
    }

    /// Describes every item that differs from the binding `now`: changed, missing or added.
    pub fn differences(&self, now: &Self) -> Vec<String> {
        let changed = self.0.iter().filter(|bound| now.get(&bound.item) != Some(bound.value.as_str()));
        let added = now.0.iter().filter(|bound| self.get(&bound.item).is_none());
        let words = |bound: &BoundItem| {
            let (then, now) = (self.get(&bound.item), now.get(&bound.item));
            let is_keyed = |value: Option<&str>| value.is_some_and(|value| value.starts_with(KEYED));
            if is_keyed(then) && is_keyed(now) {
                return format!("`{}` has another value", bound.item);
            }
            format!("`{}`: then {}, now {}", bound.item, value_text(then), value_text(now))
        };
        changed.chain(added).map(words).collect()
    }

    /// Returns the first item that has changed or is missing now; if there is none, the first that was added.
    pub fn mismatch(&self, now: &Self) -> Option<Mismatch> {
        let changed = self.0.iter().find(|bound| now.get(&bound.item) != Some(bound.value.as_str()));
        let item = changed.or_else(|| now.0.iter().find(|bound| self.get(&bound.item).is_none()))?;
        Some(Mismatch::new(&item.item, self.get(&item.item), now.get(&item.item)))
    }
}

/// Item of a binding that differs from its value at the time of the plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// Name of the item.
    pub item: String,
    /// Value when the plan was made; `None` when the item did not exist.
    pub planned: Option<String>,
    /// Value now; `None` when the item does not exist any more.
    pub current: Option<String>,
    /// Descriptions of differing items that the manifest only records (`PlanManifest::recorded`).
    pub recorded_differences: Vec<String>,
}

impl Mismatch {
    /// Makes a mismatch without recorded differences.
    pub fn new(item: &str, then: Option<&str>, now: Option<&str>) -> Self {
        let owned = |value: Option<&str>| value.map(str::to_owned);
        Self {
            item: item.to_owned(),
            planned: owned(then),
            current: owned(now),
            recorded_differences: Vec::new(),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { item, planned: then, current: now, recorded_differences } = self;
        match (then.as_deref(), now.as_deref()) {
            (Some(then), Some(now)) if then.starts_with(KEYED) && now.starts_with(KEYED) => {
                write!(
                    f,
                    "`{item}` is not what it was when it was planned: it has another value, which is not shown"
                )
            }
            (then, now) => write!(
                f,
                "`{item}` is not what it was when it was planned: then {}, now {}",
                value_text(then),
                value_text(now)
            ),
        }?;
        if recorded_differences.is_empty() {
            return Ok(());
        }
        write!(f, " (not bound, and different too: {})", recorded_differences.join("; "))
    }
}

/// Formats a value for a message: digests shortened, keyed values only as `set`.
fn value_text(value: Option<&str>) -> String {
    match value {
        None => "missing".to_owned(),
        Some(value) => match (value.strip_prefix(SHA256), value.strip_prefix(KEYED)) {
            (Some(digest), _) => {
                let mode = if digest.ends_with(EXECUTABLE) { " (executable)" } else { "" };
                format!("sha256 {}…{mode}", digest.get(..12).unwrap_or(digest))
            }
            (None, Some(_)) => "set".to_owned(),
            (None, None) if value.is_empty() => "none".to_owned(),
            (None, None) => format!("`{value}`"),
        },
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn binding(items: &[(&str, &str)]) -> Binding {
        let mut binding = Binding::default();
        for (item, value) in items {
            binding.bind(*item, *value);
        }
        binding
    }

    fn mismatch_text(then: &[(&str, &str)], now: &[(&str, &str)]) -> Option<String> {
        binding(then).mismatch(&binding(now)).map(|mismatch| mismatch.to_string())
    }

    #[test]
    fn a_refusal_names_the_item_and_what_it_was_and_is() {
        let (a, b) = (format!("sha256:{}", "a".repeat(64)), format!("sha256:{}", "b".repeat(64)));
        let script = format!("{a}{EXECUTABLE}");
        let cases: [(&str, Option<&str>, Option<&str>, &str); 6] = [
            (
                "file a.sh",
                Some(&a),
                Some(&script),
                "then sha256 aaaaaaaaaaaa…, now sha256 aaaaaaaaaaaa… (executable)",
            ),
            ("workspace", Some("staging"), Some("production"), "then `staging`, now `production`"),
            ("file a.tf", Some(&a), Some(&b), "then sha256 aaaaaaaaaaaa…, now sha256 bbbbbbbbbbbb…"),
            ("file a.tf", None, Some(&b), "then missing, now sha256 bbbbbbbbbbbb…"),
            (
                "variable AWS_PROFILE",
                Some("keyed:1"),
                Some("keyed:2"),
                "it has another value, which is not shown",
            ),
            ("variable AWS_PROFILE", Some("keyed:1"), None, "then set, now missing"),
        ];
        for (item, then, now, text) in cases {
            let message = Mismatch::new(item, then, now).to_string();
            assert_eq!(message, format!("`{item}` is not what it was when it was planned: {text}"));
        }
    }

    #[test]
    fn a_mismatch_names_the_first_item_that_differs() {
        let then = [("environment", "staging"), ("workspace", "a"), ("stack", "x")];
        let now = [("environment", "staging"), ("workspace", "b"), ("stack", "y")];
        assert!(mismatch_text(&then, &now).unwrap().starts_with("`workspace`"));
        assert_eq!(mismatch_text(&then, &then), None);
    }

    proptest! {
        #[test]
        fn any_single_changed_item_is_a_mismatch_of_its_name(
            values in prop::collection::btree_map("[a-z ]{1,12}", "[a-z0-9:]{0,12}", 1..12),
            at in any::<prop::sample::Index>(),
            other in prop::option::of("[a-z0-9:]{0,12}"),
        ) {
            let items: Vec<(&str, &str)> = values.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
            let (item, value) = items[at.index(items.len())];
            prop_assume!(other.as_deref() != Some(value));
            let changed: Vec<(&str, &str)> = items
                .iter()
                .filter_map(|(name, value)| {
                    if *name == item { other.as_deref().map(|other| (*name, other)) } else { Some((*name, *value)) }
                })
                .collect();
            prop_assert_eq!(binding(&items).mismatch(&binding(&changed)).unwrap().item, item);
            prop_assert_eq!(binding(&changed).mismatch(&binding(&items)).unwrap().item, item);
        }
    }
}
