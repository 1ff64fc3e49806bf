//! Claims of instances on states: the first instance that uses a state owns it, by the state's address and by its lineage.
//!
//! Addresses that depend on expressions, and those that Terragrunt generates, are known only after an init. A file in the
//! folder of an instance holds its address; beside the folders of all instances lies an index by digest, so that the cost of
//! a claim does not grow with the number of instances. A claim counts as long as the owner's file still holds the same
//! value, its environment is in environments.toml and its folder exists. If environments.toml no longer has the owner's
//! name, an instance with the same folder counts as the owner under a new name and takes over the record of the state.

use std::{
    fs::{self, File},
    io,
    io::Write,
    os::unix::fs::OpenOptionsExt,
};

use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{
    former_names,
    record_files::{ADDRESS_SECRETS, LINEAGE, RECORD},
};
use crate::{
    engine::{
        Target, recovery,
        terraform::{backend_record::BackendRecord, first_apply::FIRST_APPLY},
    },
    files,
    model::{Failure, FailureKind, hex},
};

/// File in an instance's folder that holds the address of its state.
pub(super) const ADDRESS: &str = "address";

/// File beside the indexes on which [`ClaimsLock`] is held.
const LOCK: &str = ".claims";

/// Owner of a claim: the instance that used a state first.
#[derive(Debug, Serialize, Deserialize)]
struct Owner {
    instance: String,
    dir: Utf8PathBuf,
    state_dir: Utf8PathBuf,
}

impl Owner {
    /// Returns true if the owner's claim on a value (an address or a lineage) still counts; `name` is the file that holds
    /// the value.
    fn is_valid_claim(&self, target: &Target, name: &str, value: &str) -> bool {
        let environment = self.instance.split('/').next().unwrap_or_default();
        target.neighbours.environments.contains(environment)
            && self.dir.is_dir()
            && self.file_holds(name, value)
            && !self.was_renamed(target)
    }

    /// Returns true if the file `name` in the owner's folder holds the value.
    fn file_holds(&self, name: &str, value: &str) -> bool {
        files::read_whole_text(&self.state_dir.join(name)).is_ok_and(|has| has.trim() == value)
    }

    /// Returns true if the owner was renamed to the target: they have the same stack folder, and environments.toml no
    /// longer has the owner's name.
    ///
    /// Only the stacks of the target's environment are known for certain: names in other environments count as declared.
    fn was_renamed(&self, target: &Target) -> bool {
        let (environment, stack) = self.instance.split_once('/').unwrap_or_default();
        let neighbours = &target.neighbours;
        let is_gone = !neighbours.environments.contains(environment)
            || (environment == target.instance.environment.as_str() && !neighbours.stacks.contains(stack));
        is_gone && self.dir == target.dir
    }

    /// Moves the owner's record of the state to the target, unless the target has a record of its own.
    fn carry_over(&self, target: &Target) -> io::Result<()> {
        if target.state_dir.join(LINEAGE).exists() {
            return Ok(());
        }
        former_names::carry_over(&self.instance, &self.state_dir, target)?;
        // The lineage is moved last: a target that has it needs no other file.
        for name in recovery::FILES.iter().chain(&[FIRST_APPLY, ADDRESS_SECRETS, RECORD, LINEAGE]) {
            let to = target.state_dir.join(name);
            if to.exists() {
                continue;
            }
            match fs::rename(self.state_dir.join(name), &to) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        files::sync_dir(&target.state_dir)
    }
}

/// Result of a claim on a state address.
#[derive(Debug)]
pub(in crate::engine) struct Claimed {
    /// Address of the state; `None` if the backend's configuration does not determine it.
    pub(in crate::engine) address: Option<String>,
    /// True if the instance took over the record of the state from its former name.
    pub(super) carried_over: bool,
}

/// Claims the state at the address of a backend; relative local paths start at `folder`.
pub(in crate::engine) fn claim_backend(
    target: &Target,
    backend: &BackendRecord,
    folder: &Utf8Path,
) -> Result<Claimed, Failure> {
    ClaimsLock::acquire(target)?.claim_backend(target, backend, folder)
}

/// Lock on the claims of all instances of a project. An instance holds it until its own file with the claimed value is
/// written: of two instances that claim one state at the same time, the later one finds the claim of the first.
#[derive(Debug)]
pub(super) struct ClaimsLock {
    /// Folder of all instances, which holds the indexes.
    folder: Utf8PathBuf,
    _file: File,
}

impl ClaimsLock {
    /// Waits for the lock, which other processes hold while they read and write a few small files.
    pub(in crate::engine) fn acquire(target: &Target) -> Result<Self, Failure> {
        let folder = target.state_dir.ancestors().nth(2).unwrap_or(&target.state_dir).to_owned();
        let path = folder.join(LOCK);
        let take = || {
            files::create_dirs(&folder)?;
            let file = files::open_own(&path)?;
            file.lock()?;
            Ok(Self { folder, _file: file })
        };
        take().map_err(|error: io::Error| {
            Failure::new(FailureKind::State, format!("cannot lock `{path}`: {error}"))
        })
    }

    /// Claims the state at the address of a backend; relative local paths start at `folder`.
    pub(in crate::engine) fn claim_backend(
        &self,
        target: &Target,
        backend: &BackendRecord,
        folder: &Utf8Path,
    ) -> Result<Claimed, Failure> {
        let own = target.state_dir.join(ADDRESS);
        let unusable = |error: io::Error| unusable(target, &error);
        let address = backend.address(target, folder);
        // The owner's file proves a claim: an old file must not prove the claim that is made below.
        if address.is_none() || files::read_whole_text(&own).ok() != address {
            files::remove_if_there(&own).map_err(unusable)?;
        }
        let Some(address) = address else { return Ok(Claimed { address, carried_over: false }) };
        if let Some(other) =
            target.neighbours.instances_by_address.get(&address).filter(|other| **other != target.instance)
        {
            files::remove_if_there(&own).map_err(unusable)?;
            let summary =
                format!("`{}` and `{other}` have the same state: address {address}", target.instance);
            let detail =
                format!("the files and environments.toml give it to `{other}`; give each a state of its own");
            return Err(Failure::new(FailureKind::Refused, summary).with_detail(detail));
        }
        let carried_over = match self.claim(target, ADDRESS, &address) {
            Ok(carried_over) => carried_over,
            Err(failure) => {
                files::remove_if_there(&own).map_err(unusable)?;
                return Err(failure);
            }
        };
        if !own.exists() {
            files::write(&own, address.as_bytes()).map_err(unusable)?;
        }
        Ok(Claimed { address: Some(address), carried_over })
    }

    /// Claims a value (an address or a lineage) that the file `name` in the instance's folder holds or is about to hold.
    /// Returns true if the instance took over the record of its state from its former name.
    pub(super) fn claim(&self, target: &Target, name: &str, value: &str) -> Result<bool, Failure> {
        let entry = self.folder.join(format!(".{name}")).join(hex(&Sha256::digest(value)));
        let unusable = |error: io::Error| {
            Failure::new(
                FailureKind::State,
                format!("cannot use `{entry}`, which says whose state it is: {error}"),
            )
        };
        let claimant = Owner {
            instance: target.instance.to_string(),
            dir: target.dir.clone(),
            state_dir: target.state_dir.clone(),
        };
        let text = serde_json::to_string(&claimant).map_err(io::Error::other).map_err(unusable)?;
        match create_entry(&entry, &text).map_err(unusable)? {
            None => Ok(false),
            Some(owner) if owner == text => Ok(false),
            Some(owner) => {
                // An entry that cannot be parsed was cut off by a crash; like a claim that no longer counts, it is replaced.
                let owner = serde_json::from_str::<Owner>(&owner).ok();
                let owner = owner.filter(|owner| owner.instance != claimant.instance);
                if let Some(owner) = owner.as_ref().filter(|owner| owner.is_valid_claim(target, name, value))
                {
                    return Err(shared_state(&claimant, owner, name, value));
                }
                let former = owner.filter(|owner| owner.was_renamed(target) && owner.file_holds(name, value));
                if let Some(former) = &former {
                    former.carry_over(target).map_err(unusable)?;
                }
                files::write(&entry, text.as_bytes()).map_err(unusable)?;
                Ok(former.is_some())
            }
        }
    }
}

/// Writes an entry of an index unless it exists; returns the text of an existing entry.
fn create_entry(entry: &Utf8Path, text: &str) -> io::Result<Option<String>> {
    match files::read_whole_text(entry) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        found => return found.map(Some),
    }
    if let Some(folder) = entry.parent() {
        fs::create_dir_all(folder)?;
    }
    match fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(entry) {
        Ok(mut file) => file.write_all(text.as_bytes()).map(|()| None),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => files::read_whole_text(entry).map(Some),
        Err(error) => Err(error),
    }
}

/// Returns the refusal of a claim on a state that belongs to another instance.
fn shared_state(claimant: &Owner, owner: &Owner, name: &str, value: &str) -> Failure {
    let Owner { instance, state_dir, .. } = owner;
    let summary = format!("`{}` and `{instance}` have the same state: {name} {value}", claimant.instance);
    let detail = format!(
        "what is planned here would change or destroy what `{instance}` has; give each a state of its own. If `{instance}` has \
         another one by now, plan it; if it is no longer there, remove `{}`",
        state_dir.join(name)
    );
    Failure::new(FailureKind::Refused, summary).with_detail(detail)
}

fn unusable(target: &Target, error: &io::Error) -> Failure {
    let own = target.state_dir.join(ADDRESS);
    Failure::new(FailureKind::State, format!("cannot use `{own}`, the address of the state: {error}"))
}

#[cfg(test)]
mod tests {
    use std::{
        sync::{Arc, Barrier},
        thread,
    };

    use super::*;
    use crate::engine::{
        StateIdentity,
        state::lineage::{KnownState, check_and_record},
        terraform::backend_record::BackendInFolder,
    };

    const STACKS: usize = 6;

    /// Returns the highest number of instances, over many attempts, that succeed when all claim the same value at once.
    fn most_that_get_it(prepare: impl Fn(&Utf8Path), claim: impl Fn(&Target) -> bool + Sync) -> usize {
        let once = |_| {
            let keep = tempfile::tempdir().unwrap();
            let root = Utf8Path::from_path(keep.path()).unwrap();
            prepare(root);
            let begin = Barrier::new(STACKS);
            let (begin, claim) = (&begin, &claim);
            let of_stack = |number: usize| {
                let target = target(root, &format!("app{number}"));
                move || {
                    begin.wait();
                    claim(&target)
                }
            };
            thread::scope(|scope| {
                let running: Vec<_> = (0..STACKS).map(|number| scope.spawn(of_stack(number))).collect();
                running.into_iter().filter_map(|thread| thread.join().unwrap().then_some(())).count()
            })
        };
        (0..25).map(once).max().unwrap()
    }

    fn target(root: &Utf8Path, stack: &str) -> Target {
        let mut target = Target::sample(root, stack);
        fs::create_dir_all(&target.dir).unwrap();
        fs::create_dir_all(&target.state_dir).unwrap();
        target.neighbours.stacks = Arc::new((0..STACKS).map(|number| format!("app{number}")).collect());
        target
    }

    /// Claims one fixed address for any target.
    fn address(target: &Target) -> bool {
        let mut target = target.clone();
        target.neighbours.address = |_| Some("local:/state".to_owned());
        claim_backend(&target, &BackendRecord::local(), &target.dir).is_ok()
    }

    #[test]
    fn of_instances_that_claim_one_address_at_once_one_gets_it() {
        assert_eq!(most_that_get_it(|_| {}, address), 1);
    }

    #[test]
    fn one_of_several_instances_gets_a_claim_without_an_owner() {
        let gone = |root: &Utf8Path| {
            let mut owner = target(root, "old");
            owner.instance.environment = "gone".parse().unwrap();
            owner.state_dir = root.join("instances/gone/old");
            fs::create_dir_all(&owner.state_dir).unwrap();
            assert!(address(&owner));
        };
        assert_eq!(most_that_get_it(gone, address), 1);
    }

    #[test]
    fn of_instances_that_meet_one_state_at_once_one_gets_it() {
        let state = StateIdentity { lineage: "one".to_owned(), serial: 1 };
        let meet = |target: &Target| {
            let backend = BackendInFolder { record: BackendRecord::local(), folder: target.dir.clone() };
            check_and_record(target, &backend, &KnownState::default(), &state, false).is_ok()
        };
        assert_eq!(most_that_get_it(|_| {}, meet), 1);
    }
}
