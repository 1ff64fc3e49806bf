//! What envctl asks of an engine, and what it gets back.

use std::{collections::BTreeSet, ffi::OsString, io};

use camino::{Utf8Path, Utf8PathBuf};

use super::{BoundContent, KnownOutputs, PlannedOutput, PrintedOutput, StateIdentity, StateMove, Target};
use crate::{
    model::{Changes, EngineName, Failure, KnownValues, ResourceAddress},
    process::{CommandLine, Exit, Stream},
};

/// Whether a wanted workspace is there, after an init.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WorkspaceStatus {
    /// It exists, or the default one is wanted.
    Present,
    /// It does not; these do.
    Missing(Vec<String>),
}

/// What kind of plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlanMode {
    /// Towards the configuration.
    #[default]
    Normal,
    /// Towards nothing.
    Destroy,
    /// Only what changed outside.
    RefreshOnly,
}

/// A plan that is wanted.
#[derive(Debug, Clone)]
pub struct PlanRequest {
    /// What kind.
    pub mode: PlanMode,
    /// Where its file goes.
    pub out: Utf8PathBuf,
    /// `-target`; makes the plan incomplete.
    pub targets: Vec<String>,
    /// `-exclude`; makes the plan incomplete.
    pub excludes: Vec<String>,
    /// `-replace`.
    pub replace: Vec<String>,
    /// True if a state that is not the last known one, or went back, is accepted, as after a deliberate reset.
    pub accept_lineage: bool,
}

impl PlanRequest {
    /// Returns true if the user narrowed the plan.
    pub fn is_narrowed(&self) -> bool {
        !(self.targets.is_empty() && self.excludes.is_empty())
    }
}

/// What a plan file says of itself, read without a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlanFacts {
    /// The state's lineage; empty when there is none yet.
    pub lineage: String,
    /// The state's serial.
    pub serial: u64,
    /// The workspace that the plan was made in.
    pub workspace: String,
    /// The backend type.
    pub backend: String,
    /// Configuration of the backend, as its schema has parsed it, credentials among it.
    pub backend_config: serde_json::Map<String, serde_json::Value>,
    /// The engine's version.
    pub version: String,
    /// What kind of plan.
    pub mode: PlanMode,
    /// `-target` addresses.
    pub targets: Vec<String>,
    /// `-exclude` addresses.
    pub excludes: Vec<String>,
    /// Whether planning ended with errors.
    pub errored: bool,
}

/// A finished plan.
#[derive(Debug, Clone)]
pub struct Planned {
    /// What it would change; empty for a clean plan. Exact actions, from `show -json`.
    pub changes: Changes,
    /// What it knows of the values that it would set.
    pub known: KnownValues,
    /// What becomes of the outputs that it would change; empty for a clean plan.
    pub outputs: Vec<PlannedOutput>,
    /// What its file says; absent where the file cannot be read (encrypted).
    pub facts: Option<PlanFacts>,
    /// The engine's own diff, without colour, for a plan with changes.
    pub diff: String,
    /// Whether it rests on values that are not known yet.
    pub tentative: bool,
    /// Changes that the engine left for a later plan, one text for each; empty for a plan that is complete, or that was narrowed.
    pub deferred: Vec<String>,
    /// Addresses that flags of environments.toml or arguments of a unit narrowed the plan to, or excluded; empty where the user did.
    pub narrowed: Vec<String>,
    /// True if the engine said that development overrides of providers are in effect, from whatever source.
    pub dev_overrides: bool,
    /// What a person should know.
    pub notes: Vec<String>,
    /// The digest of the lock file that an init on the way has written.
    pub lockfile: Option<String>,
    /// The engine's exit status.
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
    /// The engine's exit status.
    pub exit_code: i32,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// What a plan of a target rests on that only its engine can tell.
#[derive(Debug, Clone, PartialEq)]
pub struct Footing {
    /// The engine, with the one that it drives.
    pub engine: String,
    /// Its version, with that of the driven one.
    pub version: String,
    /// The flags of plan and apply that environments.toml adds.
    pub flags: Vec<String>,
    /// The provider plugin cache.
    pub plugin_cache: Option<Utf8PathBuf>,
    /// Where the lockfile is, or would be.
    pub lockfile: Utf8PathBuf,
    /// The type of the backend that was initialised.
    pub backend: String,
    /// Its keys, credentials among them.
    pub backend_config: serde_json::Map<String, serde_json::Value>,
    /// The address of the state, without credentials; absent where it cannot be told.
    pub address: Option<String>,
    /// The folders of the local modules that the engine installed, absolute; absent before an init.
    pub modules: Option<Vec<Utf8PathBuf>>,
}

/// A word on what a running engine does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// A process was started; said before it is waited for. `mutating` for an apply.
    Started {
        /// Its process id.
        pid: u32,
        /// Whether it may change a state.
        mutating: bool,
    },
    /// A few words for a live line: `aws_vpc.main: creating`.
    Doing(String),
    /// Line that the user should read with the result of the step.
    Note(String),
}

/// What one step of one stack runs in: where it logs, whom it tells, how it is stopped.
pub struct Session<'a> {
    /// Starts and counts processes; shared by a whole run.
    pub runner: &'a crate::process::Runner,
    /// The stack's log file; human-readable lines are appended.
    pub log: &'a Utf8Path,
    /// Told of progress.
    pub observer: &'a (dyn Fn(Progress) + Sync),
}

/// Why an engine could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The stack failed; said by the engine or found in what it did.
    #[error("{0}")]
    Failed(Failure),
    /// The backend in force is not the one of the instance, or a plan was made on another one.
    #[error("{0}")]
    WrongBackend(Failure),
    /// The lock file is out of date, and may not be written.
    #[error("{0}")]
    KeptLockfile(Failure),
    /// The stack's own files leave it out of what is asked for, in these words.
    #[error("left out: {0}")]
    Excluded(String),
    /// The wanted workspace does not exist.
    #[error("workspace `{wanted}` does not exist")]
    MissingWorkspace {
        /// The workspace.
        wanted: String,
        /// Those that exist.
        existing: Vec<String>,
    },
    /// The user interrupted it.
    #[error("interrupted")]
    Interrupted {
        /// What a person should know: what the engine said of what it left behind.
        notes: Vec<String>,
    },
}

/// One engine at one version. Methods block; they are called from worker threads.
pub trait Engine: BoundContent + Send + Sync {
    /// Its name.
    fn name(&self) -> EngineName;

    /// All engines that run when it does: itself, and the one that it drives.
    fn engines(&self) -> Vec<EngineName> {
        vec![self.name()]
    }

    /// Its version: `1.12.6`.
    fn version(&self) -> &str;

    /// Returns the engine that it drives, with its version; absent for one that makes plans itself.
    fn driven(&self) -> Option<(EngineName, &str)> {
        None
    }

    /// Returns the name and version of the engine that makes the plans.
    fn planning_engine(&self) -> (EngineName, &str) {
        self.driven().unwrap_or_else(|| (self.name(), self.version()))
    }

    /// Returns its version as text, with the engine that it drives: `1.1.3 driving tofu 1.12.6`.
    fn version_text(&self) -> String {
        match self.driven() {
            Some((name, version)) => format!("{} driving {name} {version}", self.version()),
            None => self.version().to_owned(),
        }
    }

    /// Returns why no plan of the engine can leave something out by `-exclude`; absent where one can.
    fn lacks_exclude(&self) -> Option<String>;

    /// Whether a plan of the instance may be made at all, as far as files tell: no state of it waits to be saved, or is lost.
    fn may_plan(&self, target: &Target) -> Result<(), Failure> {
        super::unsaved::refuse_to_plan(target, false)
    }

    /// Initialises the instance where its fingerprint says so (or `force`), then makes sure that its workspace exists.
    ///
    /// A missing workspace is made only when `create_workspace` says so; a missing one is otherwise
    /// [`EngineError::MissingWorkspace`] and leaves no trace.
    fn prepare(
        &self,
        target: &Target,
        create_workspace: bool,
        force: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError>;

    /// The same for a command outside a run, which would make a workspace that is gone: it is looked up even where nothing
    /// has to be initialised. One that is gone with a known state is refused, unless `accept_lineage`.
    fn enter(
        &self,
        target: &Target,
        create_workspace: bool,
        accept_lineage: bool,
        session: &Session<'_>,
    ) -> Result<(), EngineError>;

    /// Plans a prepared instance into a file; initialises once more when the engine says that it must, which is part
    /// of the same attempt.
    fn plan(
        &self,
        target: &Target,
        request: &PlanRequest,
        session: &Session<'_>,
    ) -> Result<Planned, EngineError>;

    /// Applies a plan file: never retried, never killed, output to files.
    fn apply(&self, target: &Target, plan: &Utf8Path, session: &Session<'_>) -> Result<Applied, EngineError>;

    /// Returns where a typed `init` takes the state from and to, as far as files tell; none where it stays.
    fn state_move(&self, _target: &Target, _args: &[OsString]) -> Result<Option<StateMove>, EngineError> {
        Ok(None)
    }

    /// Runs any other command that may change something, with the protections of an apply: one at a time in a folder, not
    /// over a state that could not be saved (unless that is what it pushes), output to files that do not stay. Its lines are
    /// handed on, secrets masked.
    fn run_mutating(
        &self,
        target: &Target,
        args: &[OsString],
        session: &Session<'_>,
        on_line: &mut dyn FnMut(Stream, &str),
    ) -> Result<Exit, EngineError>;

    /// The outputs of a prepared instance, in the engine's order.
    fn outputs(&self, target: &Target, session: &Session<'_>) -> Result<Vec<PrintedOutput>, EngineError>;

    /// The outputs that others may take: those of a state that is the last known one (unless `accept_lineage`) and does
    /// not wait to be saved. A local state is read as a file, any other is asked of its backend; nothing is masked.
    fn known_outputs(
        &self,
        target: &Target,
        accept_lineage: bool,
        session: &Session<'_>,
    ) -> Result<KnownOutputs, EngineError>;

    /// What a plan of a prepared instance rests on, as it is now; no process is started.
    fn footing(&self, target: &Target) -> io::Result<Footing>;

    /// Compares the backend of a plan file with the one in force and with the states of other instances; no process is
    /// started.
    fn check_plan_backend(&self, target: &Target, facts: &PlanFacts) -> Result<(), EngineError>;

    /// Which state a prepared instance has now, asked of its backend.
    fn state_identity(&self, target: &Target, session: &Session<'_>) -> Result<StateIdentity, EngineError>;

    /// Asks the backend which state a prepared instance has now, and refuses one that is not the last known one or went back,
    /// unless `accept_lineage`, or that is another instance's. A new one is remembered.
    fn known_state(
        &self,
        target: &Target,
        accept_lineage: bool,
        session: &Session<'_>,
    ) -> Result<StateIdentity, EngineError>;

    /// Refuses a state that was read before as [`Engine::known_state`] does; no process is started.
    fn check_state(
        &self,
        target: &Target,
        state: &StateIdentity,
        accept_lineage: bool,
    ) -> Result<(), EngineError>;

    /// The resources that the state of a prepared instance manages now, asked of its backend.
    fn state_addresses(
        &self,
        target: &Target,
        session: &Session<'_>,
    ) -> Result<BTreeSet<ResourceAddress>, EngineError>;

    /// Runs any other command that changes nothing, with the user's own streams; nothing is installed in the stack's folder
    /// meanwhile.
    fn run_reading(
        &self,
        target: &Target,
        args: &[OsString],
        session: &Session<'_>,
    ) -> Result<Exit, EngineError> {
        let ended = session.runner.inherit(&self.command(target, args)).map_err(super::call::not_run)?;
        Ok(ended.exit)
    }

    /// Any command of the engine for a prepared instance, for `exec` and `shell`.
    fn command(&self, target: &Target, args: &[OsString]) -> CommandLine;

    /// The `dependency` blocks of a unit, by label, with its includes taken in, as its engine says them; absent where there are
    /// no units.
    fn dependencies(
        &self,
        _target: &Target,
        _session: &Session<'_>,
    ) -> Result<Option<serde_json::Map<String, serde_json::Value>>, EngineError> {
        Ok(None)
    }

    /// Variables that a unit itself gives to the apply of a plan, as its engine renders them: `inputs`, and `TF_VAR_*` of
    /// `extra_arguments`. Empty where there are no units.
    fn unit_variables(
        &self,
        _target: &Target,
        _session: &Session<'_>,
    ) -> Result<serde_json::Map<String, serde_json::Value>, EngineError> {
        Ok(serde_json::Map::new())
    }

    /// Whether that command may want values, and would run without those of the target.
    fn loses_values(&self, _target: &Target, _args: &[OsString]) -> bool {
        false
    }

    /// Whether that command may change a state or anything else.
    fn is_mutating(&self, args: &[OsString]) -> bool;

    /// Whether the backend is met in the target's environment as it is (false for Terragrunt, whose files may bring other
    /// credentials).
    fn keeps_environment(&self) -> bool {
        true
    }

    /// Whether values, var files and backend pairs of environments.toml reach this engine's stacks by declared variables
    /// (false for Terragrunt, which takes them as they are).
    fn reads_root_module(&self) -> bool;
}
