//! Checks that the state of an instance has what an apply made: an engine may have been given another state to write.
//!
//! A new state is asked for once, which tells its lineage too. Of a later one the serial is compared, where the state is a
//! local file; elsewhere the lowest serial that it must have is remembered, so that the next plan refuses one that did not
//! move. Updates and replacements are not judged: after them a state may be what it was.

use super::{
    PlanFacts, Session, StateIdentity, Target,
    applying::pull,
    backend_check::current_backend,
    driver::Driver,
    lineage::{self, KnownState},
    state_file::State,
    state_stamp::state_at,
    unsaved::{self, Signs},
};
use crate::model::Failure;

/// The state of an instance before a command that may make something.
#[derive(Debug)]
pub(super) struct StateBefore {
    /// What this checkout knew of it.
    known: KnownState,
    /// The version that the command starts from; absent where it cannot be told.
    version: Option<StateIdentity>,
    /// Whether that version was seen in a local file.
    is_local: bool,
}

impl StateBefore {
    /// Takes the state that a plan was made on; absent where its file tells nothing.
    pub(super) fn of_plan(
        driver: &dyn Driver,
        target: &Target,
        facts: Option<&PlanFacts>,
    ) -> Result<Self, Failure> {
        let version =
            facts.map(|facts| StateIdentity { lineage: facts.lineage.clone(), serial: facts.serial });
        Ok(Self::new(driver, target, KnownState::read(target)?, version))
    }

    /// Takes the last known state, which has just been compared with the one that is there.
    pub(super) fn of_known(driver: &dyn Driver, target: &Target) -> Result<Self, Failure> {
        let known = KnownState::read(target)?;
        let version = known.identity();
        Ok(Self::new(driver, target, known, version))
    }

    fn new(driver: &dyn Driver, target: &Target, known: KnownState, version: Option<StateIdentity>) -> Self {
        let is_local = version.is_some() && local_version(driver, target) == version;
        Self { known, version, is_local }
    }

    /// Compares the state with what a command that ended well says it made, and remembers it. Gives what could not be found
    /// out, or the failure of a command whose work the state does not have; the instance is blocked then.
    pub(super) fn compare(
        self,
        driver: &dyn Driver,
        target: &Target,
        signs: &Signs,
        session: &Session<'_>,
    ) -> Result<Option<String>, Failure> {
        let Some(before) = &self.version else { return Ok(None) };
        if before.lineage.is_empty() {
            return self.first(driver, target, signs, session);
        }
        let moves = signs.changed_resources();
        let after = if self.is_local {
            local_version(driver, target).filter(|after| after != before)
        } else {
            Some(StateIdentity { serial: before.serial + u64::from(moves), ..before.clone() })
        };
        match after {
            None if moves => Err(unsaved::missing(target, session.log, &signs.done)),
            None => Ok(None),
            Some(after) => {
                let unknown = |failure: Failure| format!("its new serial is not known: {}", failure.summary);
                Ok(lineage::raise(target, &after).err().map(unknown))
            }
        }
    }

    /// Asks for a state that was new to the command: the plan file could not know its lineage.
    fn first(
        &self,
        driver: &dyn Driver,
        target: &Target,
        signs: &Signs,
        session: &Session<'_>,
    ) -> Result<Option<String>, Failure> {
        let unknown = |why: String| Ok(Some(format!("the new state's lineage is not known yet: {why}")));
        let state = match pull::<State>(driver, target, session) {
            Ok(state) => state.unwrap_or_default(),
            Err(error) => return unknown(error.to_string()),
        };
        let has_nothing = state.identity.lineage.is_empty()
            || (!signs.created.is_empty() && state.addresses().is_ok_and(|found| found.is_empty()));
        if has_nothing && (!signs.created.is_empty() || signs.has_outputs) {
            return Err(unsaved::missing(target, session.log, &signs.done));
        }
        match lineage::watch_in_force((driver, target), &self.known, (&state.identity, true)) {
            Ok(()) => Ok(None),
            Err(failure) => unknown(failure.summary),
        }
    }
}

/// The version of the state at a local address; absent where it is elsewhere, not there, or cannot be read.
pub(super) fn local_version(driver: &dyn Driver, target: &Target) -> Option<StateIdentity> {
    let backend = current_backend(driver, target).ok()??;
    let address = backend.record.address(target, &backend.folder)?;
    state_at(&address).ok()?.map(|found| found.state)
}
