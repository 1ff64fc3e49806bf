//! Target of an engine: an instance with its folders, values and backend, and the other instances that it must not collide
//! with.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fmt,
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::given_flags::GivenFlags;
use crate::model::{EngineName, InstanceId};

/// Backend of an instance as its files and environments.toml configure it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// Type: `s3`, `pg`, `local` …; `None` if the stack has no backend block (Terragrunt may generate one).
    pub backend_type: Option<String>,
    /// Backend files of the project, each passed as `-backend-config=FILE`. A later file overrides an earlier one.
    pub files: Vec<Utf8PathBuf>,
    /// File of the declared pairs, passed as `-backend-config=FILE` after the backend files; `None` without pairs.
    pub pairs_file: Option<Utf8PathBuf>,
    /// Configuration of the backend, in which these files override arguments of the block; `None` if only an engine can
    /// evaluate it.
    pub config: Option<serde_json::Map<String, serde_json::Value>>,
    /// Digest of type, backend files, pairs and the values of expressions, for the fingerprint of an init.
    pub digest: String,
}

impl Backend {
    /// Returns the files that complete the backend block, in the order in which the engine gets them.
    pub fn config_files(&self) -> impl Iterator<Item = &Utf8PathBuf> {
        self.files.iter().chain(&self.pairs_file)
    }
}

/// Backend that an engine has initialised, with evaluated expressions.
#[derive(Debug, Clone, Copy)]
pub struct BackendInForce<'a> {
    /// Type of the backend: `s3`.
    pub backend_type: &'a str,
    /// Configuration by key.
    pub config: &'a serde_json::Map<String, serde_json::Value>,
    /// Workspace; `None` for the default one.
    pub workspace: Option<&'a str>,
    /// Folder that relative local paths start at.
    pub folder: &'a Utf8Path,
    /// Environment variables of the engine, from which some backends take missing settings.
    pub env: &'a BTreeMap<OsString, OsString>,
}

/// Other instances and their states, by which envctl notices two instances with one state.
#[derive(Debug, Clone)]
pub struct Neighbours {
    /// Names of all environments of environments.toml: claims of other environments do not count.
    pub environments: Arc<BTreeSet<String>>,
    /// Names of all stacks in the environment of the target.
    pub stacks: Arc<BTreeSet<String>>,
    /// Instances of all environments by the state addresses that their files and environments.toml configure; local
    /// addresses are absolute.
    pub instances_by_address: Arc<BTreeMap<String, InstanceId>>,
    /// Function that returns the address of a state, without credentials. Two addresses are equal if and only if the states
    /// are the same; `None` if the configuration does not determine the address.
    pub address: fn(&BackendInForce<'_>) -> Option<String>,
}

/// Module call in the files of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalledModule {
    /// Name of the call.
    pub name: String,
    /// Source of the module; `None` if the source or the version is an expression.
    pub source: Option<String>,
    /// Version constraint.
    pub version: Option<String>,
}

/// Facts about a stack's folder that decide where an engine installs modules and runs.
#[derive(Debug, Clone, Copy)]
pub struct StackFolder {
    /// True if several instances, of any environments, have this folder.
    pub is_shared: bool,
    /// Function that reads the module calls in a folder's files; `None` if they cannot be parsed.
    pub module_calls: fn(EngineName, &Utf8Path) -> Option<Vec<CalledModule>>,
    /// Function that returns the local folder which Terragrunt copies as the module of a unit; `None` for a stack that is no
    /// unit.
    pub unit_source: Option<fn(&Utf8Path) -> Option<Utf8PathBuf>>,
}

/// Flag that is set once an engine needs `--allow lineage:` to accept the state of an instance; all copies of its target
/// share it.
#[derive(Debug, Clone, Default)]
pub struct StateException(Arc<AtomicBool>);

impl StateException {
    /// Records that an engine needed the exception.
    pub(super) fn record_use(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Returns true if an engine needed the exception.
    pub fn was_used(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Var files that envctl generates for an instance, at other paths in each run.
#[derive(Debug, Clone)]
pub struct GeneratedValues {
    /// Path of the file with the values that envctl knows, even if envctl has not written it.
    pub json: Utf8PathBuf,
    /// Files with one HCL expression each; the value is the variable that the file sets.
    pub expressions: BTreeMap<Utf8PathBuf, String>,
}

impl GeneratedValues {
    /// Returns the generated files of an instance that has no expressions.
    pub fn new(json: Utf8PathBuf) -> Self {
        Self { json, expressions: BTreeMap::new() }
    }

    /// Returns true if a var file is one of the generated files.
    pub fn contains(&self, file: &Utf8Path) -> bool {
        *file == self.json || self.expressions.contains_key(file)
    }

    /// Returns the paths of all generated files.
    pub fn files(&self) -> impl Iterator<Item = &Utf8Path> {
        std::iter::once(&*self.json).chain(self.expressions.keys().map(|file| &**file))
    }
}

/// Colours in the output of a command that the user typed.
///
/// OpenTofu and Terraform write colours into files and pipes too, and do not know `NO_COLOR` (measured on 1.12.6 and 1.11.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TypedColors {
    /// envctl sets nothing: the user starts the engine from a shell.
    #[default]
    Unset,
    /// The engine writes colours.
    On,
    /// The engine writes none.
    Off,
}

/// Policy of an init for the lock file of a stack's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LockfilePolicy {
    /// `ENVCTL_READ_ONLY`: no lock file is created or changed.
    Unwritten,
    /// An existing lock file is not changed: the environment has `confirm`.
    KeptByConfirm,
    /// An existing lock file is not changed: the run is in CI, without `--update-lockfile`.
    KeptInCi,
    /// No lock file is created or changed: the user typed an `init` with `-lockfile=readonly`.
    KeptByFlag,
    /// An init may add providers that the configuration needs, and remove those that it no longer needs.
    Updated,
    /// The user typed `init -upgrade`.
    Upgraded,
}

/// File and line, or flag or environment variable, that sets the value of a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValuePlace {
    /// Text on the origin of the value, to follow the variable's name: `is set by --var size`.
    pub set_by: String,
    /// Path of the file, relative to the project, and line from 1; `None` for a flag and for an environment variable.
    pub line: Option<(String, u32)>,
}

/// Finds what sets the values of a stack's variables, for errors about them.
pub trait ValuePlaces: fmt::Debug + Send + Sync {
    /// Returns what sets the value that is in effect for a variable; `None` if no value is set.
    fn place_of(&self, variable: &str) -> Option<ValuePlace>;

    /// Returns the variable whose block starts at a line of a file in the stack's folder.
    fn declared_at(&self, file: &str, line: u32) -> Option<String>;
}

/// Instance as its engine needs it; paths are absolute.
#[derive(Debug, Clone)]
pub struct Target {
    /// Name of the instance.
    pub instance: InstanceId,
    /// Folder of environments.toml; messages name files relative to it.
    pub project: Utf8PathBuf,
    /// Folder of the stack.
    pub dir: Utf8PathBuf,
    /// Data directory (`TF_DATA_DIR`) of this instance, with the modules and providers of the stack's folder.
    pub data_dir: Utf8PathBuf,
    /// Facts about the stack's folder.
    pub folder: StackFolder,
    /// Folder of this instance for envctl's files: fingerprint, claims, records of the state, generated var file.
    pub state_dir: Utf8PathBuf,
    /// Workspace; `None` for the default one.
    pub workspace: Option<String>,
    /// Backend that the files and environments.toml configure.
    pub backend: Backend,
    /// Existing var files in order; the generated ones are last.
    pub var_files: Vec<Utf8PathBuf>,
    /// Var files that envctl generates.
    pub generated_values: GeneratedValues,
    /// Finder of what sets the values of variables, for errors about them.
    pub value_places: Option<Arc<dyn ValuePlaces>>,
    /// Environment variables of the engine's processes, without those that engines must not inherit.
    pub env: Arc<BTreeMap<OsString, OsString>>,
    /// Value of the engine's own `-parallelism`.
    pub parallelism: Option<NonZeroUsize>,
    /// Value of `-lock-timeout`.
    pub lock_timeout: Duration,
    /// Other instances, which must not have the same state.
    pub neighbours: Neighbours,
    /// Policy of an init for the lock file.
    pub lockfile: LockfilePolicy,
    /// Flags of the running command that hints repeat in the commands that they suggest.
    pub given_flags: Arc<GivenFlags>,
    /// Flag that an engine needed `--allow lineage:` to accept the state.
    pub state_exception: StateException,
    /// Colours in the output of a typed command.
    pub typed_colors: TypedColors,
}

#[cfg(test)]
impl Target {
    /// Returns a target of a stack of `dev` in a project below a folder, with a local state and without values.
    pub(super) fn sample(root: &Utf8Path, stack: &str) -> Self {
        let instance = InstanceId { environment: "dev".parse().unwrap(), stack: stack.parse().unwrap() };
        let neighbours = Neighbours {
            environments: Arc::new(["dev".to_owned()].into()),
            stacks: Arc::new([stack.to_owned()].into()),
            instances_by_address: Arc::default(),
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
            backend: Backend {
                backend_type: None,
                files: Vec::new(),
                pairs_file: None,
                config: None,
                digest: String::new(),
            },
            var_files: Vec::new(),
            generated_values: GeneratedValues::new(root.join("generated.tfvars.json")),
            value_places: None,
            env: Arc::default(),
            parallelism: None,
            lock_timeout: Duration::ZERO,
            neighbours,
            lockfile: LockfilePolicy::Updated,
            given_flags: Arc::default(),
            state_exception: StateException::default(),
            typed_colors: TypedColors::default(),
        }
    }
}
