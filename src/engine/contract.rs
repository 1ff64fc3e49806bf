//! Contract between envctl and an engine: requests, results and the trait [`Engine`].

use std::{collections::BTreeSet, ffi::OsString, io};

use camino::{Utf8Path, Utf8PathBuf};

use super::{BoundContent, KnownOutputs, PlannedOutput, PrintedOutput, StateIdentity, StateMove, Target};
use crate::{
    model::{Changes, EngineName, Failure, KnownValues, ResourceAddress},
    process::{CommandLine, Exit, Stream},
};

/// Existence of the wanted workspace after an init.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkspaceStatus {
    /// The workspace exists, or the default one is wanted.
    Present,
    /// The workspace does not exist; these workspaces do.
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
    /// Lineage of the state; empty if there is no state yet.
    pub lineage: String,
    /// Serial of the state.
    pub serial: u64,
    /// Workspace that the plan was made in.
    pub workspace: String,
    /// Backend type: `s3`.
    pub backend: String,
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

/// A finished plan.
#[derive(Debug, Clone)]
pub struct Planned {
    /// Exact actions on resources, from `show -json`; empty for a plan without changes.
    pub changes: Changes,
    /// Planned values that are known before the apply.
    pub known: KnownValues,
    /// Planned values of the outputs that would change; empty for a plan without changes.
    pub outputs: Vec<PlannedOutput>,
    /// Metadata of the plan file; absent if the file cannot be read (encrypted).
    pub facts: Option<PlanFacts>,
    /// Diff of the engine, without colour, for a plan with changes.
    pub diff: String,
    /// True if the plan depends on values that are not known yet.
    pub tentative: bool,
    /// Changes that the engine deferred to a later plan, one text for each; empty for a complete plan and for a narrowed
    /// one.
    pub deferred: Vec<String>,
    /// Arguments `-target=…` and `-exclude=…` from flags of environments.toml or from arguments of a unit; empty if the user
    /// narrowed the plan.
    pub narrowed: Vec<String>,
    /// True if the engine reported development overrides of providers, from any settings.
    pub dev_overrides: bool,
    /// Messages for the user.
    pub notes: Vec<String>,
    /// Digest of the lock file that an init on the way wrote; absent if none did.
    pub lockfile: Option<String>,
    /// Exit code of the engine.
    pub exit_code: i32,
}

impl Planned {
    /// Returns true if the plan leaves something out that the user did not ask to leave out.
    pub fn is_incomplete(&self) -> bool {
        !self.deferred.is_empty() || !self.narrowed.is_empty()
    }
}

/// A finished apply.
#[derive(Debug, Clone)]
pub struct Applied {
    /// Exit code of the engine.
    pub exit_code: i32,
    /// Messages for the user.
    pub notes: Vec<String>,
}

/// Facts behind a plan of a target that only its engine knows: versions, flags, backend and local modules.
#[derive(Debug, Clone, PartialEq)]
pub struct EffectiveInit {
    /// Name of the engine, with the one that it drives.
    pub engine: String,
    /// Version of the engine, with that of the driven one.
    pub version: String,
    /// Flags that environments.toml adds to init, plan and apply, each behind its verb; and `-parallelism`.
    pub flags: Vec<String>,
    /// Provider plugin cache.
    pub plugin_cache: Option<Utf8PathBuf>,
    /// Path of the lock file, which may not exist yet.
    pub lockfile: Utf8PathBuf,
    /// Type of the initialised backend: `s3`.
    pub backend: String,
    /// Configuration of the backend, with credentials.
    pub backend_config: serde_json::Map<String, serde_json::Value>,
    /// Address of the state, without credentials; absent if the configuration does not determine it.
    pub address: Option<String>,
    /// Absolute folders of the local modules that the engine installed; absent before an init.
    pub modules: Option<Vec<Utf8PathBuf>>,
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
    /// The lock file is out of date, and the policy of the run forbids a change of it.
    #[error("{0}")]
    KeptLockfile(Failure),
    /// The stack's own files exclude it from the request, with this reason.
    #[error("left out: {0}")]
    Excluded(String),
    /// The wanted workspace does not exist.
    #[error("workspace `{wanted}` does not exist")]
    MissingWorkspace {
        /// Wanted workspace.
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

/// One engine at one version. Methods block; they are called from worker threads.
pub trait Engine: BoundContent + Send + Sync {
    /// Returns the name of the engine.
    fn name(&self) -> EngineName;

    /// Returns all engines that run: this one, and the one that it drives.
    fn engines(&self) -> Vec<EngineName> {
        vec![self.name()]
    }

    /// Returns the version of the engine: `1.12.6`.
    fn version(&self) -> &str;

    /// Returns the driven engine with its version; absent for an engine that makes plans itself.
    fn driven(&self) -> Option<(EngineName, &str)> {
        None
    }

    /// Returns the name and version of the engine that makes the plans.
    fn planning_engine(&self) -> (EngineName, &str) {
        self.driven().unwrap_or_else(|| (self.name(), self.version()))
    }

    /// Returns the version as text, with the driven engine: `1.1.3 driving tofu 1.12.6`.
    fn version_text(&self) -> String {
        match self.driven() {
            Some((name, version)) => format!("{} driving {name} {version}", self.version()),
            None => self.version().to_owned(),
        }
    }

    /// Returns the reason why the engine's plans cannot leave a resource out by `-exclude`; absent if they can.
    fn lacks_exclude(&self) -> Option<String>;

    /// Refuses a plan of an instance whose state is lost or waits to be saved, as far as files show.
    fn may_plan(&self, target: &Target) -> Result<(), Failure> {
        super::recovery::refuse_to_plan(target, false)
    }

    /// Initialises the instance if its fingerprint changed (or `force`), then makes sure that its workspace exists.
    ///
    /// A missing workspace is created only if `create_workspace` is set; otherwise the error is
    /// [`EngineError::MissingWorkspace`] and nothing is left behind.
    fn prepare(
        &self,
        target: &Target,
        create_workspace: bool,
        force: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError>;

    /// Initialises the instance for a command outside a run. The workspace is looked up even if no init is needed, since the
    /// engine would create a missing one; a missing one with a known state is refused, unless `accept_lineage`.
    fn enter(
        &self,
        target: &Target,
        create_workspace: bool,
        accept_lineage: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError>;

    /// Plans a prepared instance into a file; initialises once more if the engine asks for it, as part of the same attempt.
    fn plan(
        &self,
        target: &Target,
        request: &PlanRequest,
        session: &Session<'_>,
    ) -> Result<Planned, EngineError>;

    /// Applies a plan file: never retried, never killed, output to files.
    fn apply(&self, target: &Target, plan: &Utf8Path, session: &Session<'_>) -> Result<Applied, EngineError>;

    /// Returns the old and the new state of a typed `init`, as far as files show; absent if the state stays in place.
    fn state_move(&self, _target: &Target, _args: &[OsString]) -> Result<Option<StateMove>, EngineError> {
        Ok(None)
    }

    /// Runs any other command that may change a state, with the protections of an apply: one at a time in a folder, not
    /// while an unsaved state waits (unless the command pushes that state), output to files that are removed afterwards.
    /// Lines are passed on, secrets masked.
    fn run_mutating(
        &self,
        target: &Target,
        args: &[OsString],
        session: &Session<'_>,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, EngineError>;

    /// Reads the outputs of a prepared instance, in the engine's order.
    fn outputs(&self, target: &Target, session: &Session<'_>) -> Result<Vec<PrintedOutput>, EngineError>;

    /// Reads the outputs that other stacks may use. Refuses a state that is not the last known one (unless `accept_lineage`)
    /// or that waits to be saved. A local state is read as a file, any other from its backend; nothing is masked.
    fn known_outputs(
        &self,
        target: &Target,
        accept_lineage: bool,
        session: &Session<'_>,
    ) -> Result<KnownOutputs, EngineError>;

    /// Returns the facts behind a plan of a prepared instance, as they are now; starts no process.
    fn effective_init(&self, target: &Target) -> io::Result<EffectiveInit>;

    /// Compares the backend of a plan file with the one in force and with the states of other instances; starts no process.
    fn check_plan_backend(&self, target: &Target, facts: &PlanFacts) -> Result<(), EngineError>;

    /// Reads lineage and serial of a prepared instance's state from its backend.
    fn state_identity(&self, target: &Target, session: &Session<'_>) -> Result<StateIdentity, EngineError>;

    /// Reads the state of a prepared instance from its backend and records its lineage. Refuses a state that is not the last
    /// known one or went back (unless `accept_lineage`), and one that belongs to another instance.
    fn known_state(
        &self,
        target: &Target,
        accept_lineage: bool,
        session: &Session<'_>,
    ) -> Result<StateIdentity, EngineError>;

    /// Refuses a state that was read before as [`Engine::known_state`] does; starts no process.
    fn check_state(
        &self,
        target: &Target,
        state: &StateIdentity,
        accept_lineage: bool,
    ) -> Result<(), EngineError>;

    /// Reads the addresses of the resources in a prepared instance's state from its backend.
    fn state_addresses(
        &self,
        target: &Target,
        session: &Session<'_>,
    ) -> Result<BTreeSet<ResourceAddress>, EngineError>;

    /// Runs any other command that changes nothing, with the user's own streams; meanwhile no process of envctl installs
    /// anything in the stack's folder.
    fn run_reading(
        &self,
        target: &Target,
        args: &[OsString],
        session: &Session<'_>,
    ) -> Result<Exit, EngineError> {
        let ended =
            session.runner.inherit(&self.command(target, args)).map_err(super::process::call::not_run)?;
        Ok(ended.exit)
    }

    /// Returns any command of the engine for a prepared instance, for `exec` and `shell`.
    fn command(&self, target: &Target, args: &[OsString]) -> CommandLine;

    /// Returns the `dependency` blocks of a unit, by label, with its includes merged, as Terragrunt renders them; absent for
    /// other engines.
    fn dependencies(
        &self,
        _target: &Target,
        _session: &Session<'_>,
    ) -> Result<Option<serde_json::Map<String, serde_json::Value>>, EngineError> {
        Ok(None)
    }

    /// Returns variables that a unit itself gives to the apply of a plan, as Terragrunt renders them: `inputs`, and
    /// `TF_VAR_*` of `extra_arguments`. Empty for other engines.
    fn unit_variables(
        &self,
        _target: &Target,
        _session: &Session<'_>,
    ) -> Result<serde_json::Map<String, serde_json::Value>, EngineError> {
        Ok(serde_json::Map::new())
    }

    /// Returns true if the command may need variable values, but would run without those of the target.
    fn loses_values(&self, _target: &Target, _args: &[OsString]) -> bool {
        false
    }

    /// Returns true if the command may change a state or anything else.
    fn is_mutating(&self, args: &[OsString]) -> bool;

    /// Returns true if the engine uses the backend with the target's environment variables as they are (false for
    /// Terragrunt, whose files may set other credentials).
    fn keeps_environment(&self) -> bool {
        true
    }

    /// Returns true if values, var files and backend pairs of environments.toml reach this engine's stacks by declared
    /// variables (false for Terragrunt, which passes them on unchecked).
    fn reads_root_module(&self) -> bool;
}
