//! Data between envctl and an engine: requests, results and errors.

use camino::{Utf8Path, Utf8PathBuf};

use super::{PlannedOutput, StateIdentity};
use crate::model::{Changes, Failure, PlannedDigests};

/// Existence of the instance's workspace after an init.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkspaceStatus {
    /// The workspace exists, or is the default workspace.
    Present,
    /// The workspace does not exist; holds the names of the existing workspaces.
    Missing(Vec<String>),
}

/// Kind of a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlanMode {
    /// Plan that brings the resources to the configuration.
    #[default]
    Normal,
    /// Plan that destroys all resources (`-destroy`).
    Destroy,
    /// Plan that only records changes made outside the engine (`-refresh-only`).
    RefreshOnly,
}

/// Options of a plan to make.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    /// Kind of the plan.
    pub mode: PlanMode,
    /// Path of the plan file to write.
    pub out: Utf8PathBuf,
    /// Addresses for `-target`, which makes the plan incomplete.
    pub targets: Vec<String>,
    /// Addresses for `-exclude`, which makes the plan incomplete.
    pub excludes: Vec<String>,
    /// Addresses for `-replace`.
    pub replace: Vec<String>,
    /// True if a state with another lineage or an older serial than the last known one is accepted, as after a deliberate
    /// reset.
    pub accept_lineage: bool,
}

impl PlanRequest {
    /// Returns true if the user narrowed the plan by `-target` or `-exclude`.
    pub fn is_narrowed(&self) -> bool {
        !(self.targets.is_empty() && self.excludes.is_empty())
    }
}

/// Metadata of a plan file, read without a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFacts {
    /// Lineage of the state that the plan was made on; empty if there was no state yet.
    pub lineage: String,
    /// Serial of the state that the plan was made on.
    pub serial: u64,
    /// Workspace that the plan was made in.
    pub workspace: String,
    /// Type of the backend that holds the state: `s3`.
    pub backend_type: String,
    /// Configuration of the backend as parsed by its schema, with credentials.
    pub backend_config: serde_json::Map<String, serde_json::Value>,
    /// Version of the engine that made the plan.
    pub version: String,
    /// Kind of the plan.
    pub mode: PlanMode,
    /// Addresses of `-target`.
    pub targets: Vec<String>,
    /// Addresses of `-exclude`.
    pub excludes: Vec<String>,
    /// True if planning ended with errors.
    pub errored: bool,
}

impl PlanFacts {
    /// Returns lineage and serial of the state that the plan was made on.
    pub fn state_at_plan_time(&self) -> StateIdentity {
        StateIdentity { lineage: self.lineage.clone(), serial: self.serial }
    }
}

/// Result of a plan that the engine finished.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Exact actions on resources, from `show -json`; empty for a plan without changes.
    pub changes: Changes,
    /// Digests of the planned values that are known before the apply.
    pub planned_digests: PlannedDigests,
    /// Planned values of the outputs that would change; empty for a plan without changes.
    pub outputs: Vec<PlannedOutput>,
    /// Metadata of the plan file; `None` if the file cannot be read (encrypted).
    pub facts: Option<PlanFacts>,
    /// Diff of the engine, without colour, for a plan with changes.
    pub diff: String,
    /// True if the plan depends on values that are not known yet.
    pub tentative: bool,
    /// Changes that the engine deferred to a later plan, one text for each; empty for a complete plan and for a plan that
    /// `-target` or `-exclude` narrows.
    pub deferred: Vec<String>,
    /// `-target=…` and `-exclude=…` arguments that narrow the plan without being typed by the user: from flags of
    /// environments.toml or from arguments of a unit.
    pub narrowing_arguments: Vec<String>,
    /// True if the engine reported development overrides of providers, from any settings.
    pub dev_overrides: bool,
    /// Messages for the user.
    pub notes: Vec<String>,
    /// Digest of the lock file that an init wrote on the way to the plan; `None` if no init wrote it.
    pub lockfile: Option<String>,
    /// Exit code of the engine.
    pub exit_code: i32,
}

impl Planned {
    /// Returns true if the plan leaves something out that the user did not ask to leave out.
    pub fn is_incomplete(&self) -> bool {
        !self.deferred.is_empty() || !self.narrowing_arguments.is_empty()
    }
}

/// Result of an apply that the engine finished.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Exit code of the engine.
    pub exit_code: i32,
    /// Messages for the user.
    pub notes: Vec<String>,
}

/// Name and version of an engine in texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineLabel {
    /// Name of the engine, followed by that of the engine that it drives.
    pub name: String,
    /// Version of the engine, followed by that of the engine that it drives.
    pub version: String,
}

/// Facts that a plan of a target depends on and that only its engine knows: versions, flags, backend and local modules.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveInit {
    /// Name and version of the engine.
    pub engine: EngineLabel,
    /// Flags that environments.toml adds to init, plan and apply, each behind its verb; and `-parallelism`.
    pub flags: Vec<String>,
    /// Provider plugin cache.
    pub plugin_cache: Option<Utf8PathBuf>,
    /// Path of the lock file, which may not exist yet.
    pub lockfile: Utf8PathBuf,
    /// Type of the initialised backend: `s3`.
    pub backend_type: String,
    /// Configuration of the backend, with credentials.
    pub backend_config: serde_json::Map<String, serde_json::Value>,
    /// Address of the state, without credentials; `None` if the configuration of the backend does not determine it.
    pub address: Option<String>,
    /// Absolute folders of the local modules that the engine installed; `None` before an init.
    pub modules: Option<Vec<Utf8PathBuf>>,
}

/// Configured address of an instance's state that differs from the address of its last known state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedAddress {
    /// Address of the last known state.
    pub from: String,
    /// Address that the files and environments.toml configure.
    pub to: String,
}

/// Progress report of a running engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// Start of a process, reported before envctl waits for its end.
    Started {
        /// Process id.
        pid: u32,
        /// True if the process may change a state.
        mutating: bool,
    },
    /// Short text for a live line: `aws_vpc.main: creating`.
    Doing(String),
    /// Line that the user should read with the result of the step.
    Note(String),
}

/// Surroundings of one step of a stack: process runner, log file and progress callback.
pub struct Session<'a> {
    /// Starts and counts processes; shared by a whole run.
    pub runner: &'a crate::process::Runner,
    /// Log file of the stack; human-readable lines are appended.
    pub log: &'a Utf8Path,
    /// Callback for progress reports.
    pub observer: &'a (dyn Fn(Progress) + Sync),
}

/// Reason why an engine did not do what envctl asked for.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// Failure of the stack, reported by the engine or found in its results.
    #[error("{0}")]
    Failed(Failure),
    /// The backend in force is not that of the instance, or a plan was made on another backend.
    #[error("{0}")]
    WrongBackend(Failure),
    /// The lock file is out of date, and the policy of the run forbids to change it.
    #[error("{0}")]
    KeptLockfile(Failure),
    /// The stack's own files exclude it from the requested plan or command; holds the reason.
    #[error("left out: {0}")]
    Excluded(String),
    /// The workspace of the instance does not exist.
    #[error("workspace `{wanted}` does not exist")]
    MissingWorkspace {
        /// Workspace of the instance.
        wanted: String,
        /// Existing workspaces.
        existing: Vec<String>,
    },
    /// The user interrupted the engine.
    #[error("interrupted")]
    Interrupted {
        /// Messages for the user: the engine's reports on what it left behind.
        notes: Vec<String>,
    },
}
