//! Record of the last known state of an instance, to notice a state that vanished, was replaced or went back.
//!
//! A lineage is an id that the engine gives to a state at its first write and that never changes; the serial grows with
//! every write. Source: <https://developer.hashicorp.com/terraform/language/state/backends#manual-state-pull-push>.

use camino::Utf8Path;

use super::{
    claims::ClaimsLock,
    identity::may_hold,
    record_files::{self, LINEAGE, StateVersion},
};
use crate::{
    engine::{
        MovedAddress, StateIdentity, Target,
        driver::Driver,
        next_command::{allow_lineage, exec_line, plan_line},
        terraform::{
            backend_check::{configured_backend, current_backend},
            backend_record::BackendInFolder,
            first_apply::FirstApply,
        },
    },
    model::{Failure, FailureKind},
};

/// Last known state of an instance as recorded in this checkout.
///
/// The record is read before an engine reads the state: a serial that another envctl process raises in between is no error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::engine) struct KnownState {
    /// Lineage of the state; empty if no state is known.
    lineage: String,
    /// Highest serial and address of the state; `None` if an older envctl recorded the lineage alone.
    version: Option<StateVersion>,
    /// First apply of the instance, if its result is not known.
    first_apply: Option<FirstApply>,
}

/// Claims lineage and address of the state `found` that an engine read from a backend for the instance, compares the state
/// with the last known one, and records it. `accept` allows another lineage or a lower serial.
pub(in crate::engine) fn check_and_record(
    target: &Target,
    backend: &BackendInFolder,
    known: &KnownState,
    found: &StateIdentity,
    accept: bool,
) -> Result<(), Failure> {
    // Held until the lineage is recorded, which proves the claim.
    let claims = ClaimsLock::acquire(target)?;
    let carried_over = !found.lineage.is_empty() && claims.claim(target, LINEAGE, &found.lineage)?;
    let claimed = claims.claim_backend(target, &backend.record, &backend.folder)?;
    let address = claimed.address.as_deref();
    if carried_over || claimed.carried_over {
        return KnownState::read(target)?.compare(target, found, address, accept);
    }
    known.compare(target, found, address, accept)
}

/// Claims, compares and records a state that was read from the initialised backend, as [`check_and_record`] does.
pub(in crate::engine) fn check_and_record_in_force(
    driver: &dyn Driver,
    target: &Target,
    known: &KnownState,
    found: &StateIdentity,
    accept: bool,
) -> Result<(), Failure> {
    match current_backend(driver, target)? {
        Some(backend) => check_and_record(target, &backend, known, found, accept),
        None => {
            let _claims = ClaimsLock::acquire(target)?;
            known.compare(target, found, None, accept)
        }
    }
}

impl KnownState {
    /// Reads the record of the last known state of an instance.
    pub(in crate::engine) fn read(target: &Target) -> Result<Self, Failure> {
        Self::read_in(&target.state_dir)
    }

    /// Reads the record in the folder of an instance.
    fn read_in(folder: &Utf8Path) -> Result<Self, Failure> {
        let (lineage, version) = record_files::read(folder)?;
        Ok(Self { version, lineage, first_apply: FirstApply::read(folder)? })
    }

    /// Returns true if a state is known and may be the one at `address`: its own address is the same, or not recorded.
    pub(in crate::engine) fn may_lie_at(&self, address: Option<&str>) -> bool {
        let known = self.address();
        !self.is_none() && known.zip(address).is_none_or(|(known, address)| known == address)
    }

    /// Returns true if no state of the instance is known.
    pub(in crate::engine) fn is_none(&self) -> bool {
        self.lineage.is_empty()
    }

    /// Returns lineage and serial of this state: empty ones if no state is known, `None` if the serial is not recorded.
    pub(in crate::engine) fn identity(&self) -> Option<StateIdentity> {
        match &self.version {
            Some(version) => Some(StateIdentity { lineage: version.lineage.clone(), serial: version.serial }),
            None => self.is_none().then(StateIdentity::default),
        }
    }

    /// Refuses to go on if a state is known but the backend has none, as when its workspace was deleted.
    pub(in crate::engine) fn refuse_vanished(
        &self,
        target: &Target,
        address: Option<&str>,
    ) -> Result<(), Failure> {
        self.refuse_other(target, &StateIdentity::default(), address)
    }

    /// Compares the state `found` in a backend with the last known one and records it, unless it is refused.
    fn compare(
        &self,
        target: &Target,
        found: &StateIdentity,
        address: Option<&str>,
        accept: bool,
    ) -> Result<(), Failure> {
        let known = self.refuse_other(target, found, address);
        if accept && known.is_err() {
            target.state_exception.record_use();
        } else {
            known?;
        }
        self.replace(target, found, address, accept)
    }

    fn serial(&self) -> Option<u64> {
        self.version.as_ref().map(|version| version.serial)
    }

    /// Returns the address of the state, if it is known.
    pub(in crate::engine) fn address(&self) -> Option<&str> {
        self.version.as_ref()?.address.as_deref()
    }

    /// Refuses the state `found` if it has another lineage than the last known one or a lower serial.
    pub(super) fn refuse_other(
        &self,
        target: &Target,
        found: &StateIdentity,
        address: Option<&str>,
    ) -> Result<(), Failure> {
        let Self { lineage, .. } = self;
        if self.is_none() {
            let conflict = self.first_apply.as_ref().and_then(|first| first.conflict(found, address));
            return conflict.map_or(Ok(()), |(summary, detail)| Err(state_refusal(target, summary, &detail)));
        }
        let went_back = self.serial().filter(|serial| found.serial < *serial);
        let (summary, detail) = match (lineage == &found.lineage, went_back) {
            (true, None) => return Ok(()),
            (true, Some(serial)) => (
                "the state went back to an earlier version",
                format!(
                    "the last known state had the serial {serial} or a higher one\nnow it is {}: an older version was restored, \
                     or an apply did not reach it\na plan would do again what was done since",
                    found.serial
                ),
            ),
            (false, _) if found.lineage.is_empty() => (
                "the state has vanished",
                format!(
                    "the last known state had the lineage {lineage}\nnow there is none{}\na plan would create everything anew",
                    address.map(|address| format!(" at `{address}`")).unwrap_or_default()
                ),
            ),
            (false, _) => (
                "the state was replaced by another one",
                format!("the last known state had the lineage {lineage}\nnow it is {}", found.lineage),
            ),
        };
        let before = self.address();
        let moved = match (before, address) {
            (Some(before), Some(now)) if before != now && lineage != &found.lineage => {
                let way = restore_hint(target, found, before);
                format!("\nit lay at `{before}`\nthe address is `{now}` now\nhint: {way}")
            }
            _ => String::new(),
        };
        Err(state_refusal(target, summary, &format!("{detail}{moved}")))
    }

    /// Records the state `found` in place of the last known one, unless another envctl process has recorded a later one in
    /// between.
    fn replace(
        &self,
        target: &Target,
        found: &StateIdentity,
        address: Option<&str>,
        accept: bool,
    ) -> Result<(), Failure> {
        let current = Self::read(target)?;
        let is_same = current.lineage == found.lineage;
        let is_later = is_same && current.serial().is_some_and(|serial| serial > found.serial);
        let is_other = !is_same && current.lineage != self.lineage;
        if (is_later || is_other) && !accept {
            return Ok(());
        }
        let StateIdentity { lineage, serial } = found.clone();
        let address = address.filter(|address| may_hold(address, found)).map(str::to_owned);
        let version = StateVersion { lineage: lineage.clone(), serial, address };
        let version = Some(version).filter(|_| !lineage.is_empty());
        let is_over = current.first_apply.is_some() && (accept || !lineage.is_empty());
        current.overwrite(target, &Self { lineage, version, first_apply: None })?;
        if is_over { FirstApply::forget(target) } else { Ok(()) }
    }

    /// Writes the files of the record `wanted` whose content differs from this record.
    fn overwrite(&self, target: &Target, wanted: &Self) -> Result<(), Failure> {
        let before = (self.lineage.as_str(), self.version.as_ref());
        record_files::write(&target.state_dir, before, &wanted.lineage, wanted.version.as_ref())
    }
}

/// Records that the last known state of an instance has at least this serial, since an apply wrote it.
pub(super) fn raise_serial(target: &Target, state: &StateIdentity) -> Result<(), Failure> {
    let _claims = ClaimsLock::acquire(target)?;
    let known = KnownState::read(target)?;
    let address = known.address().map(str::to_owned);
    if known.lineage != state.lineage || known.is_none() {
        return Ok(());
    }
    known.replace(target, state, address.as_deref(), false)
}

/// State that this checkout has recorded for an instance, even if environments.toml no longer has the instance.
#[derive(Debug, Clone)]
pub struct RecordedState {
    /// Lineage of the state; `None` if the result of the first apply is not known.
    pub lineage: Option<String>,
    /// Address of the state, or the one at the start of the first apply; `None` if it was never known.
    pub address: Option<String>,
}

/// Returns the state that is recorded in the folder of an instance; `None` if none is known, or another instance took it
/// over.
pub fn recorded_state(folder: &Utf8Path) -> Result<Option<RecordedState>, Failure> {
    let known = KnownState::read_in(folder)?;
    if known.is_none() {
        return Ok(known.first_apply.map(|first| RecordedState { lineage: None, address: first.address }));
    }
    let address = known.version.and_then(|version| version.address);
    Ok(Some(RecordedState { lineage: Some(known.lineage), address }))
}

/// Returns the addresses of an instance's state before and after a change of its configuration; `None` if they are equal or
/// one of them is unknown.
pub fn moved_address(target: &Target) -> Result<Option<MovedAddress>, Failure> {
    let KnownState { version, first_apply, .. } = KnownState::read(target)?;
    let known = version.and_then(|version| version.address);
    let known = known.or_else(|| first_apply.and_then(|first| first.address));
    let configured = configured_backend(target).and_then(|backend| backend.address(target, &target.dir));
    let addresses = known.zip(configured).filter(|(known, configured)| known != configured);
    Ok(addresses.map(|(from, to)| MovedAddress { from, to }))
}

/// Returns a hint on how the last known state gets to the configured address: by a migration, unless an expression or
/// Terragrunt decides the address, or another state lies there.
fn restore_hint(target: &Target, found: &StateIdentity, before: &str) -> String {
    if found.lineage.is_empty() && configured_backend(target).is_some() {
        return format!("`{}` moves the state there", exec_line(target, &["init", "-migrate-state"]));
    }
    if found.lineage.is_empty() {
        let file = before.strip_prefix("local:");
        let push = exec_line(target, &["state", "push", file.unwrap_or("FILE")]);
        let of = if file.is_some() { "" } else { ", FILE being a copy of the state at the former address" };
        return format!("`{push}` brings the state there{of}");
    }
    "name the former address again, or move the state there by `state pull` and `state push`".to_owned()
}

fn state_refusal(target: &Target, summary: &str, detail: &str) -> Failure {
    let plan = plan_line(target, &[&allow_lineage(&target.instance)]);
    let accepts = format!("hint: `{plan}` takes it, after a deliberate reset or restore");
    Failure::new(FailureKind::Refused, summary).with_detail(format!("{detail}\n{accepts}"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{super::record_files::RECORD, *};

    fn state(lineage: &str, serial: u64) -> StateIdentity {
        StateIdentity { lineage: lineage.to_owned(), serial }
    }

    const VANISHED: Result<(), &str> = Err("the state has vanished");
    const REPLACED: Result<(), &str> = Err("the state was replaced by another one");
    const WENT_BACK: Result<(), &str> = Err("the state went back to an earlier version");

    #[test]
    fn a_known_state_must_not_vanish_change_or_go_back_unless_accepted() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::sample(Utf8Path::from_path(folder.path()).unwrap(), "app");
        for (lineage, serial, accept, result) in [
            ("", 0, false, Ok(())),
            ("one", 3, false, Ok(())),
            ("one", 3, false, Ok(())),
            ("", 0, false, VANISHED),
            ("two", 9, false, REPLACED),
            ("one", 5, false, Ok(())),
            ("one", 4, false, WENT_BACK),
            ("one", 5, false, Ok(())),
            ("one", 4, true, Ok(())),
            ("one", 4, false, Ok(())),
            ("two", 1, true, Ok(())),
            ("one", 7, false, REPLACED),
            ("", 0, true, Ok(())),
            ("three", 1, false, Ok(())),
        ] {
            let known = KnownState::read(&target).unwrap();
            let compared = known.compare(&target, &state(lineage, serial), None, accept);
            let summary = compared.map_err(|failure| failure.summary);
            assert_eq!(summary, result.map_err(str::to_owned), "{lineage} {serial} {accept}");
        }
    }

    #[test]
    fn a_state_that_others_raise_while_it_is_read_is_not_refused() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::sample(Utf8Path::from_path(folder.path()).unwrap(), "app");
        let nothing = KnownState::read(&target).unwrap();
        nothing.compare(&target, &state("one", 1), None, false).unwrap();
        let known = KnownState::read(&target).unwrap();
        raise_serial(&target, &state("one", 6)).unwrap();
        raise_serial(&target, &state("two", 9)).unwrap();

        known.compare(&target, &state("one", 1), None, false).unwrap();
        nothing.compare(&target, &state("", 0), None, false).unwrap();

        assert_eq!(KnownState::read(&target).unwrap().identity(), Some(state("one", 6)));
    }

    #[test]
    fn a_lineage_that_an_older_envctl_recorded_has_no_serial_yet() {
        let folder = tempfile::tempdir().unwrap();
        let target = Target::sample(Utf8Path::from_path(folder.path()).unwrap(), "app");
        fs::create_dir_all(&target.state_dir).unwrap();
        fs::write(target.state_dir.join(LINEAGE), "one\n").unwrap();
        let known = KnownState::read(&target).unwrap();
        assert_eq!((known.is_none(), known.identity()), (false, None));
        assert!(known.compare(&target, &state("", 0), None, false).is_err());
        known.compare(&target, &state("one", 4), None, false).unwrap();
        assert_eq!(KnownState::read(&target).unwrap().identity(), Some(state("one", 4)));
        fs::write(target.state_dir.join(RECORD), "{\"lineage\": ").unwrap();
        let broken = KnownState::read(&target).unwrap_err();
        assert!(broken.summary.contains("last-state.json"), "{broken:?}");
    }
}
