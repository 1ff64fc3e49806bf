//! Checks that the state of an instance has the resources that an apply made: a wrapper may have given the engine another
//! state.
//!
//! A new state is read once after the apply, for its lineage. Of a later state the serial is compared, if it is a local
//! file; in other backends the lowest possible serial is recorded, so that the next plan refuses a state with a lower one.
//! The state that a failed first apply left is read, too.
//!
//! The serial does not grow if the state has not changed, as after the repair of a resource that was changed or deleted
//! outside. Both engines write the file then too, keep its inode, and write the backup beside it only if the state differs
//! from the one at the start (measured on OpenTofu 1.12.6 and Terraform 1.11.4): by that envctl distinguishes an unchanged
//! local state from one that was reset to an earlier version.

use std::{collections::BTreeSet, fs, os::unix::fs::MetadataExt};

use camino::Utf8Path;

use super::{
    file::{StateFile, state_addresses},
    lineage::{self, KnownState},
    local::{self, LocalState},
    read::{initialised_address, local_version, pull},
};
use crate::{
    engine::{
        PlanFacts, StateIdentity, Target,
        driver::{Driver, Invocation},
        plan_file::metadata::state_before,
        recovery::{self, EngineReports},
        terraform::{backend_check::current_backend, first_apply::FirstApply},
    },
    model::{Failure, ResourceAddress},
};

/// State of an instance before a command that may create resources.
#[derive(Debug)]
pub(in crate::engine) struct StateBefore {
    /// Last known state, as this checkout had recorded it.
    known: KnownState,
    /// Lineage and serial at the start of the command; `None` if they are unknown.
    version: Option<StateIdentity>,
    /// True if lineage and serial were read from a local file.
    is_local: bool,
    /// Last writes of the local state file and of its backup; none for a state elsewhere.
    last_writes: LocalWrites,
}

/// Inode of a file, and its modification time in seconds and nanoseconds.
type WriteStamp = (u64, i64, i64);

/// Last writes of a local state file and of the backup that engines keep beside it; `None` if there is no file.
#[derive(Debug, Default, PartialEq, Eq)]
struct LocalWrites {
    state: Option<WriteStamp>,
    backup: Option<WriteStamp>,
}

impl LocalWrites {
    fn read(driver: &dyn Driver, target: &Target) -> Self {
        let Some(address) = initialised_address(driver, target) else { return Self::default() };
        let Some(path) = local::path(&address) else { return Self::default() };
        let last = |path: &str| {
            fs::metadata(path).ok().map(|found| (found.ino(), found.mtime(), found.mtime_nsec()))
        };
        Self { state: last(path), backup: last(&format!("{path}.backup")) }
    }

    /// Returns true if the write of the state file between these last writes and `later` ones cannot be that of an engine
    /// that ran in between. `did_something` is true if the engine reported a finished resource.
    fn is_foreign_write(&self, later: &Self, did_something: bool) -> bool {
        let inode = |write: Option<WriteStamp>| write.map(|(inode, ..)| inode);
        let is_other_file = inode(self.state) != inode(later.state);
        let has_new_backup = later.backup.is_some() && self.backup != later.backup;
        has_new_backup || (did_something && (self.state == later.state || is_other_file))
    }
}

impl StateBefore {
    /// Returns the state that a plan was made on; its lineage and serial are unknown if the plan file cannot be read.
    pub(in crate::engine) fn of_plan(
        driver: &dyn Driver,
        target: &Target,
        facts: Option<&PlanFacts>,
    ) -> Result<Self, Failure> {
        let version = facts.map(PlanFacts::state_at_plan_time);
        Ok(Self::new(driver, target, KnownState::read(target)?, version))
    }

    /// Returns the last known state; the caller has just compared it with the state in the backend.
    pub(in crate::engine) fn of_known(driver: &dyn Driver, target: &Target) -> Result<Self, Failure> {
        let known = KnownState::read(target)?;
        let version = known.identity();
        Ok(Self::new(driver, target, known, version))
    }

    fn new(driver: &dyn Driver, target: &Target, known: KnownState, version: Option<StateIdentity>) -> Self {
        let is_local = version.is_some() && local_version(driver, target) == version;
        let last_writes = if is_local { LocalWrites::read(driver, target) } else { LocalWrites::default() };
        Self { known, version, is_local, last_writes }
    }

    /// Returns true if there was no state before the command.
    fn is_first(&self) -> bool {
        self.version.as_ref().is_some_and(|version| version.lineage.is_empty())
    }

    /// Returns true if a local state lacks the changes that the command reported; `before` and `after` are its lineage and
    /// serial before and after the command.
    fn is_missing_in_file(
        &self,
        driver: &dyn Driver,
        target: &Target,
        before: &StateIdentity,
        after: Option<&StateIdentity>,
        reports: &EngineReports,
    ) -> bool {
        let did_something = !reports.done.is_empty();
        match after {
            Some(after) if after.lineage == before.lineage && after.serial > before.serial => false,
            Some(after) if after == before => {
                self.last_writes.is_foreign_write(&LocalWrites::read(driver, target), did_something)
                    || local_addresses(driver, target).is_some_and(|found| reports.contradicts_state(&found))
            }
            // The serial is lower, or the state vanished, was replaced, or cannot be read.
            _ => did_something,
        }
    }

    /// Records the address of the state before the first apply of an instance; does nothing before a later apply.
    pub(in crate::engine) fn record_first(
        &self,
        driver: &dyn Driver,
        target: &Target,
    ) -> Result<(), Failure> {
        if !self.is_first() {
            return Ok(());
        }
        let backend = current_backend(driver, target)?;
        let address = backend.and_then(|backend| backend.record.address(target, &backend.folder));
        FirstApply { address, done: Vec::new() }.write(target)
    }

    /// Records the state that a failed command left, without a process if the state is a local file. Returns a note on what
    /// remains unknown, or the failure of a command whose changes are in no state: the instance is blocked then.
    pub(in crate::engine) fn remember_after_failure(
        &self,
        invocation: Invocation<'_>,
        reports: Option<&EngineReports>,
    ) -> Result<Option<String>, Failure> {
        let Invocation { driver, target, session } = invocation;
        let local = local_version(driver, target).filter(|state| !state.lineage.is_empty());
        if !self.is_first() {
            let raised = local.filter(|_| self.is_local).map(|state| lineage::raise_serial(target, &state));
            return Ok(raised.and_then(Result::err).map(|failure| failure.summary));
        }
        let done = reports.map(|reports| &*reports.done).unwrap_or_default();
        // The state may hold the resource that the command failed at.
        let did_something =
            reports.is_some_and(|reports| !reports.done.is_empty() || reports.errored.is_some());
        let found = match local {
            Some(state) => Some(state),
            None if did_something => pull::<StateIdentity>(invocation).ok().map(Option::unwrap_or_default),
            // The command reported an error before it had done a resource.
            None if reports.is_some_and(|reports| reports.error.is_some()) => Some(StateIdentity::default()),
            None => None,
        };
        let remembered = match found {
            Some(state) if !state.lineage.is_empty() => {
                lineage::check_and_record_in_force(driver, target, &self.known, &state, true)
            }
            Some(_) if !done.is_empty() => {
                return Err(recovery::record_missing(target, session.log, "failed", done));
            }
            Some(_) => FirstApply::forget(target),
            None => FirstApply::record_done(target, done),
        };
        Ok(remembered
            .err()
            .map(|failure| format!("the new state's lineage is not known yet: {}", failure.summary)))
    }

    /// Compares the state with the changes that a successful command reported, and records the state. Returns a note on
    /// what remains unknown, or the failure of a command whose changes are missing in the state: the instance is blocked
    /// then.
    pub(in crate::engine) fn compare(
        self,
        invocation: Invocation<'_>,
        reports: &EngineReports,
        plan: Option<&Utf8Path>,
    ) -> Result<Option<String>, Failure> {
        let Invocation { driver, target, session } = invocation;
        let Some(before) = &self.version else { return Ok(None) };
        if before.lineage.is_empty() {
            return self.compare_first(invocation, reports);
        }
        let after = if self.is_local {
            let after = local_version(driver, target);
            if self.is_missing_in_file(driver, target, before, after.as_ref(), reports) {
                return Err(recovery::record_missing(target, session.log, "ended well", &reports.done));
            }
            after.filter(|after| after != before)
        } else {
            let moves = reports.changed_resources() && !only_recreates(reports, plan);
            Some(StateIdentity { serial: before.serial + u64::from(moves), ..before.clone() })
        };
        let Some(after) = after else { return Ok(None) };
        let unknown = |failure: Failure| format!("its new serial is not known: {}", failure.summary);
        Ok(lineage::raise_serial(target, &after).err().map(unknown))
    }

    /// Reads a state that the command created: its lineage is not in the plan file.
    fn compare_first(
        &self,
        invocation: Invocation<'_>,
        reports: &EngineReports,
    ) -> Result<Option<String>, Failure> {
        let Invocation { driver, target, session } = invocation;
        let unknown = |why: String| Ok(Some(format!("the new state's lineage is not known yet: {why}")));
        let state = match pull::<StateFile>(invocation) {
            Ok(state) => state.unwrap_or_default(),
            Err(error) => {
                let recorded = FirstApply::record_done(target, &reports.done);
                let not_recorded = recorded.err().map(|failure| format!("; {}", failure.summary));
                return unknown(format!("{error}{}", not_recorded.unwrap_or_default()));
            }
        };
        let has_nothing = state.identity.lineage.is_empty()
            || (!reports.created.is_empty() && state.addresses().is_ok_and(|found| found.is_empty()));
        if has_nothing && (!reports.created.is_empty() || reports.has_outputs) {
            return Err(recovery::record_missing(target, session.log, "ended well", &reports.done));
        }
        match lineage::check_and_record_in_force(driver, target, &self.known, &state.identity, true) {
            Ok(()) => Ok(None),
            Err(failure) => unknown(failure.summary),
        }
    }
}

/// Returns true if the state before a plan already has the resources that its apply created, and none of those that it
/// destroyed: an apply that creates again what was deleted outside may leave the state unchanged.
fn only_recreates(reports: &EngineReports, plan: Option<&Utf8Path>) -> bool {
    let before = plan.and_then(|plan| state_before(plan).ok());
    before
        .and_then(|state| state_addresses(&state).ok())
        .is_some_and(|before| !reports.contradicts_state(&before))
}

/// Returns the addresses of the resources in a local state; `None` if they cannot be read.
fn local_addresses(driver: &dyn Driver, target: &Target) -> Option<BTreeSet<ResourceAddress>> {
    match local::read(&initialised_address(driver, target)?) {
        Ok(LocalState::Content(state)) => state_addresses(&state).ok(),
        _ => None,
    }
}
