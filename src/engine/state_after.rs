//! Checks that the state of an instance has what an apply made: an engine may have been given another state to write.
//!
//! A new state is asked for once, which tells its lineage too. Of a later one the serial is compared, where the state is a
//! local file; elsewhere the lowest serial that it must have is remembered, so that the next plan refuses one that did not
//! move. What a first apply left that failed is looked for as well. After updates and
//! replacements a state may be what it was: those are judged by the file alone, which both engines write after every apply
//! (measured on OpenTofu 1.12.6 and Terraform 1.11.4).

use std::{fs, os::unix::fs::MetadataExt};

use super::{
    PlanFacts, Session, StateIdentity, Target,
    applying::pull,
    backend_check::current_backend,
    driver::Driver,
    first_apply::FirstApply,
    lineage::{self, KnownState},
    local_state,
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
    /// When that file was written last.
    written: Option<FileWrite>,
}

/// Inode of a file, and when it was written last.
type FileWrite = (u64, i64, i64);

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
        let written = if is_local { local_write(driver, target) } else { None };
        Self { known, version, is_local, written }
    }

    /// Returns true if there was no state.
    fn is_first(&self) -> bool {
        self.version.as_ref().is_some_and(|version| version.lineage.is_empty())
    }

    /// Returns true if a command was done with something, and nobody has written the file of the local state since: an
    /// engine writes it after every change, also where the state is what it was.
    fn is_untouched(&self, driver: &dyn Driver, target: &Target, signs: &Signs) -> bool {
        !signs.done.is_empty() && self.written.is_some() && self.written == local_write(driver, target)
    }

    /// Records where a first apply begins, before it does.
    pub(super) fn record_first(&self, driver: &dyn Driver, target: &Target) -> Result<(), Failure> {
        if !self.is_first() {
            return Ok(());
        }
        let backend = current_backend(driver, target)?;
        let address = backend.and_then(|backend| backend.record.address(target, &backend.folder));
        FirstApply { address, done: Vec::new() }.write(target)
    }

    /// Remembers the state that a command left which did not end well, without a process where it is a local file. Gives what
    /// could not be found out, or the failure of a command whose work no state has; the instance is blocked then.
    pub(super) fn remember_after_failure(
        &self,
        driver: &dyn Driver,
        target: &Target,
        signs: Option<&Signs>,
        session: &Session<'_>,
    ) -> Result<Option<String>, Failure> {
        let local = local_version(driver, target).filter(|state| !state.lineage.is_empty());
        if !self.is_first() {
            let raised = local.filter(|_| self.is_local).map(|state| lineage::raise(target, &state));
            return Ok(raised.and_then(Result::err).map(|failure| failure.summary));
        }
        let done = signs.map(|signs| &*signs.done).unwrap_or_default();
        // A resource that it failed at may be in the state all the same.
        let did_something = signs.is_some_and(|signs| !signs.done.is_empty() || signs.errored.is_some());
        let found = match local {
            Some(state) => Some(state),
            None if did_something => {
                pull::<StateIdentity>(driver, target, session).ok().map(Option::unwrap_or_default)
            }
            // It said what it failed at, and that was before anything was done.
            None if signs.is_some_and(|signs| signs.error.is_some()) => Some(StateIdentity::default()),
            None => None,
        };
        let remembered = match found {
            Some(state) if !state.lineage.is_empty() => {
                lineage::watch_in_force((driver, target), &self.known, (&state, true))
            }
            Some(_) if !done.is_empty() => {
                return Err(unsaved::missing(target, session.log, ("failed", done)));
            }
            Some(_) => FirstApply::forget(target),
            None => {
                let record = FirstApply::read(target)?.unwrap_or_default();
                FirstApply { done: done.to_vec(), ..record }.write(target)
            }
        };
        Ok(remembered
            .err()
            .map(|failure| format!("the new state's lineage is not known yet: {}", failure.summary)))
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
            None if moves || self.is_untouched(driver, target, signs) => {
                Err(unsaved::missing(target, session.log, ("ended well", &signs.done)))
            }
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
            return Err(unsaved::missing(target, session.log, ("ended well", &signs.done)));
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

/// When the file of a local state was written last; absent where there is none.
fn local_write(driver: &dyn Driver, target: &Target) -> Option<FileWrite> {
    let backend = current_backend(driver, target).ok()??;
    let address = backend.record.address(target, &backend.folder)?;
    let found = fs::metadata(local_state::path(&address)?).ok()?;
    Some((found.ino(), found.mtime(), found.mtime_nsec()))
}
