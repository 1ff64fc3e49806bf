//! What the user lets through by name, and which of it was needed.

use std::{cell::Cell, collections::BTreeSet};

use crate::model::{Allow, ResourceAddress};

/// The exceptions of a run.
#[derive(Debug, Clone, Default)]
pub struct Allowances(Vec<(Allow, Cell<bool>)>);

impl Allowances {
    /// These exceptions, none of them used yet.
    pub fn new(allows: &[Allow]) -> Self {
        Self(allows.iter().map(|allow| (allow.clone(), Cell::new(false))).collect())
    }

    /// Whether this very exception was made; it counts as used then.
    pub(super) fn take(&self, wanted: &Allow) -> bool {
        self.any(|allow| allow == wanted)
    }

    /// Whether the loss of this resource was named.
    pub(super) fn take_loss(&self, address: &ResourceAddress) -> bool {
        self.any(|allow| matches!(allow, Allow::Delete(named) if named == address))
    }

    /// Whether that many deletes were allowed.
    pub(super) fn take_deletes(&self, found: u64) -> bool {
        self.any(|allow| matches!(allow, Allow::Deletes(limit) if *limit >= found))
    }

    /// Whether that many changes were allowed.
    pub(super) fn take_changes(&self, found: u64) -> bool {
        self.any(|allow| matches!(allow, Allow::Changes(limit) if *limit >= found))
    }

    fn any(&self, fits: impl Fn(&Allow) -> bool) -> bool {
        let mut found = false;
        for (_, used) in self.0.iter().filter(|(allow, _)| fits(allow)) {
            used.set(true);
            found = true;
        }
        found
    }

    /// Those that let something through, as they are typed.
    pub fn used(&self) -> Vec<String> {
        self.texts(true)
    }

    /// Those that had nothing to do so far; a state's lineage is judged elsewhere.
    pub fn idle(&self) -> Vec<String> {
        self.texts(false)
    }

    fn texts(&self, wanted: bool) -> Vec<String> {
        let of_guards = |allow: &Allow| !matches!(allow, Allow::Lineage(_));
        let found = self.0.iter().filter(|(allow, used)| used.get() == wanted && of_guards(allow));
        let unique: BTreeSet<String> = found.map(|(allow, _)| allow.to_string()).collect();
        unique.into_iter().collect()
    }
}
