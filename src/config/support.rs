//! Keys that this version does not honour yet: one list, which only shrinks.
//!
//! They are parsed and validated in full. A verb that would have to honour one refuses instead of ignoring it.

use crate::config::origin::Origin;

/// Class of verbs that have to honour the same keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VerbClass {
    /// Verbs that plan and show a review: `plan`, and every verb that goes through one.
    Plan,
    /// Verbs that change something after a gate: `deploy`, `destroy`, a mutating `exec`.
    Change,
    /// Verbs that leave a new state that has to work: `deploy`, not `destroy`.
    Deploy,
    /// Verbs that judge the whole environment: `check`.
    Check,
}

/// Key of environments.toml that this version does not honour, and the verbs that refuse because of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported {
    /// Path of the key from the root of environments.toml: `environments.production.naming`.
    pub path: String,
    /// Origin of the key.
    pub origin: Origin,
    /// Classes of the verbs that refuse because of the key.
    pub verbs: &'static [VerbClass],
}

impl Unsupported {
    /// Returns true if a verb of these classes has to refuse.
    pub fn concerns(&self, classes: &[VerbClass]) -> bool {
        self.verbs.iter().any(|verb| classes.contains(verb))
    }
}

/// Kind of table that a key is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableKind {
    /// Table of an environment: `[defaults]`, `[templates.X]`, `[environments.X]`.
    Environment,
    /// Table of a stack: `[stacks.X]`, `[stacks.X.in.Y]`.
    Stack,
    /// Top level of environments.toml.
    File,
    /// Table `[store]`.
    Store,
}

use VerbClass::{Change, Check, Deploy, Plan};

/// Keys that this version does not honour. Keys that only verbs of later versions read (`parity`, `drift`, `backups`,
/// `imports`, `bootstrap`, `generate`) are not listed: no verb of this version would have to honour them.
const NOT_YET: &[(TableKind, &str, &[VerbClass])] = &[
    (TableKind::Environment, "require", &[Change, Check]),
    (TableKind::Environment, "naming", &[Plan]),
    (TableKind::File, "checks", &[Deploy]),
    (TableKind::File, "isolation", &[Check]),
    (TableKind::Store, "url", &[Plan, Change]),
    (TableKind::Store, "recipients", &[Plan, Change]),
    (TableKind::Store, "identity", &[Plan, Change]),
    (TableKind::Store, "env", &[Plan, Change]),
];

/// Returns the key and the classes of verbs that refuse because of it; `None` when this version honours the key.
pub(crate) fn not_yet(table: TableKind, key: &str) -> Option<(&'static str, &'static [VerbClass])> {
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
            verbs: not_yet(TableKind::File, "checks").unwrap().1,
        };
        assert!(checks.concerns(&[Plan, Change, Deploy]));
        assert!(!checks.concerns(&[Plan, Change]));
        assert_eq!(not_yet(TableKind::Environment, "vars"), None);
        assert_eq!(not_yet(TableKind::Stack, "guards"), None);
    }
}
