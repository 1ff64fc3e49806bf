//! One instance as an engine needs to know it: folders, values, backend, and who may share what it uses.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{GivenFlags, LockfilePolicy, ValuePlaces};
use crate::model::{EngineName, InstanceId};

/// The backend of an instance as its files and environments.toml give it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// `s3`, `pg`, `local` …; absent when the stack has no backend block (Terragrunt may generate one).
    pub kind: Option<String>,
    /// The file of declared pairs, passed as `-backend-config=FILE`; absent without pairs.
    pub config_file: Option<Utf8PathBuf>,
    /// Its keys, pairs over block, where an engine is not needed to tell them.
    pub config: Option<serde_json::Map<String, serde_json::Value>>,
    /// A digest over kind and pairs, part of the init fingerprint.
    pub digest: String,
}

/// The backend that an engine has initialised, with the values that its expressions had.
#[derive(Debug, Clone, Copy)]
pub struct BackendInForce<'a> {
    /// Its type.
    pub kind: &'a str,
    /// Its keys.
    pub config: &'a serde_json::Map<String, serde_json::Value>,
    /// The workspace; absent for the default one.
    pub workspace: Option<&'a str>,
    /// The folder that a relative local path starts at.
    pub folder: &'a Utf8Path,
    /// The environment of the engine's processes, which fills the gaps of some backends.
    pub env: &'a BTreeMap<OsString, OsString>,
}

/// Other instances and their states, by which an instance that shares one of them is noticed.
#[derive(Debug, Clone)]
pub struct Neighbours {
    /// Names of all environments of environments.toml: records of others do not count.
    pub environments: Arc<BTreeSet<String>>,
    /// The names of all stacks in the environment of the target.
    pub stacks: Arc<BTreeSet<String>>,
    /// Instances of all environments by the addresses that their files state, local ones absolute.
    pub stated: Arc<BTreeMap<String, InstanceId>>,
    /// Returns the address of a state, as one text that is equal exactly when the place is, and holds no credentials; absent
    /// where it cannot be told.
    pub address: fn(&BackendInForce<'_>) -> Option<String>,
}

/// Call of a module, as the files of a folder state it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalledModule {
    /// Name of the call.
    pub name: String,
    /// Source of the module; absent where it, or the version, is an expression.
    pub source: Option<String>,
    /// Constraint on its version.
    pub version: Option<String>,
}

/// Facts about a stack's folder by which an engine decides where it installs modules and where it works.
#[derive(Debug, Clone, Copy)]
pub struct StackFolder {
    /// True if several instances, of whichever environments, have this folder.
    pub is_shared: bool,
    /// Reads the module calls in a folder's files; gives nothing where they cannot be read.
    pub module_calls: fn(EngineName, &Utf8Path) -> Option<Vec<CalledModule>>,
    /// Returns the local folder that Terragrunt copies as the module of the unit in a folder; absent for a stack that is no unit.
    pub unit_source: Option<fn(&Utf8Path) -> Option<Utf8PathBuf>>,
}

/// Record of whether `--allow lineage:` let a state of an instance through; shared by all copies of its target.
#[derive(Debug, Clone, Default)]
pub struct StateException(Arc<AtomicBool>);

impl StateException {
    /// Records that the exception was needed.
    pub(super) fn take(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns true if the exception was needed.
    pub fn is_taken(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// One instance as its engine needs it: paths are absolute.
#[derive(Debug, Clone)]
pub struct Target {
    /// Name of the instance.
    pub instance: InstanceId,
    /// The folder of environments.toml; files in messages are named relative to it.
    pub project: Utf8PathBuf,
    /// The stack's folder.
    pub dir: Utf8PathBuf,
    /// `TF_DATA_DIR`, this instance's own, whose modules and providers are those of the stack's folder.
    pub data_dir: Utf8PathBuf,
    /// Facts about the stack's folder.
    pub folder: StackFolder,
    /// A folder of this instance's own for envctl's files: fingerprints, generated var files.
    pub state_dir: Utf8PathBuf,
    /// The workspace; absent for the default one.
    pub workspace: Option<String>,
    /// The backend.
    pub backend: Backend,
    /// Existing var files in order; the generated one is last.
    pub var_files: Vec<Utf8PathBuf>,
    /// Path of the generated var file, written or not.
    pub generated_values: Option<Utf8PathBuf>,
    /// Places of the values of its variables, for errors about them.
    pub value_places: Option<Arc<dyn ValuePlaces>>,
    /// The whole environment of its processes, already cleaned of what must not be inherited.
    pub env: Arc<BTreeMap<OsString, OsString>>,
    /// The engine's own `-parallelism`.
    pub parallelism: Option<NonZeroUsize>,
    /// `-lock-timeout`.
    pub lock_timeout: Duration,
    /// Other instances that may have its state.
    pub neighbours: Neighbours,
    /// Policy of an init for the lock file.
    pub lockfile: LockfilePolicy,
    /// Flags of the running command that a command to type repeats.
    pub given_flags: Arc<GivenFlags>,
    /// Use of the exception for its state.
    pub state_exception: StateException,
}

#[cfg(test)]
impl Target {
    /// Target of a stack of `dev` in a project below a folder, with a local state and without values.
    pub(super) fn sample(root: &Utf8Path, stack: &str) -> Self {
        let instance = InstanceId { environment: "dev".parse().unwrap(), stack: stack.parse().unwrap() };
        let neighbours = Neighbours {
            environments: Arc::new(["dev".to_owned()].into()),
            stacks: Arc::new([stack.to_owned()].into()),
            stated: Arc::default(),
            address: |_| None,
        };
        Self {
            instance,
            project: root.to_owned(),
            dir: root.join(stack),
            data_dir: root.join("data/dev").join(stack),
            folder: StackFolder { is_shared: false, module_calls: |_, _| None, unit_source: None },
            state_dir: root.join("instances/dev").join(stack),
            workspace: None,
            backend: Backend { kind: None, config_file: None, config: None, digest: String::new() },
            var_files: Vec::new(),
            generated_values: None,
            value_places: None,
            env: Arc::default(),
            parallelism: None,
            lock_timeout: Duration::ZERO,
            neighbours,
            lockfile: LockfilePolicy::Updated,
            given_flags: Arc::default(),
            state_exception: StateException::default(),
        }
    }
}
