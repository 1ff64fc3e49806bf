//! The keys whose behaviour this version does not have yet, in one table that only shrinks.
//!
//! They are parsed and validated in full; a verb that would have to honour one refuses instead of ignoring it.

use crate::config::origin::Origin;

/// What a verb does, as far as it decides which keys it must honour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerbClass {
    /// Plans and shows a review: `plan`, and every verb that goes through one.
    Plan,
    /// Changes something after a gate: `deploy`, `destroy`, a mutating `exec`.
    Change,
    /// Leaves a new state behind that has to work: `deploy`, not `destroy`.
    Deploy,
    /// Answers for the whole environment: `check`.
    Check,
}

/// A key of the file that a verb of these classes would have to honour and this version cannot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// The key: `environments.production.guards`.
    pub path: String,
    /// Where it was written.
    pub origin: Origin,
    /// The verbs that refuse.
    pub verbs: &'static [VerbClass],
}

impl Unsupported {
    /// Whether a verb of these classes has to refuse.
    pub fn concerns(&self, classes: &[VerbClass]) -> bool {
        self.verbs.iter().any(|verb| classes.contains(verb))
    }
}

/// Which table a key stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Table {
    /// `[defaults]`, `[templates.X]`, `[environments.X]`
    Environment,
    /// `[stacks.X]`, `[stacks.X.in.Y]`
    Stack,
    /// The file itself.
    File,
    /// `[store]`
    Store,
}

use VerbClass::{Change, Check, Deploy, Plan};

/// Keys without a behaviour yet. Keys that only verbs of later versions read (`parity`, `drift`, `backups`, `imports`,
/// `bootstrap`, `generate`) are not here: no verb of this version would have to honour them.
const NOT_YET: &[(Table, &str, &[VerbClass])] = &[
    (Table::Environment, "require", &[Change, Check]),
    (Table::Environment, "naming", &[Plan]),
    (Table::File, "checks", &[Deploy]),
    (Table::File, "isolation", &[Check]),
    (Table::Store, "url", &[Plan, Change]),
    (Table::Store, "recipients", &[Plan, Change]),
    (Table::Store, "identity", &[Plan, Change]),
    (Table::Store, "env", &[Plan, Change]),
];

/// The verbs that would have to honour a key, when this version cannot.
pub(crate) fn not_yet(table: Table, key: &str) -> Option<(&'static str, &'static [VerbClass])> {
    NOT_YET.iter().find(|(t, k, _)| *t == table && *k == key).map(|(_, key, verbs)| (*key, *verbs))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layer;

    #[test]
    fn a_key_concerns_only_the_verbs_that_would_honour_it() {
        let origin = Origin { layer: Layer::Defaults, span: Some(0..1) };
        let checks = Unsupported {
            path: "checks".to_owned(),
            origin,
            verbs: not_yet(Table::File, "checks").unwrap().1,
        };
        assert!(checks.concerns(&[Plan, Change, Deploy]));
        assert!(!checks.concerns(&[Plan, Change]));
        assert_eq!(not_yet(Table::Environment, "vars"), None);
        assert_eq!(not_yet(Table::Stack, "guards"), None);
    }
}
