//! Events of a run: the dispatcher emits them, the journal stores them, reporters show them, and the report is folded from
//! them.

use std::{io, time::Duration};

use camino::Utf8PathBuf;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{
    Blocked, ChangeCounts, ChangedSince, EngineName, EnvName, ExitStatus, Expected, GateRecord, Outcome,
    RunId, RunVerb, StackId,
};

/// Event of a run, numbered by the dispatcher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Sequence number from 0, without gaps. [`EventKind::Progress`] is not recorded and has the number of the next recorded
    /// event.
    pub seq: u64,
    /// Time of the event.
    pub at: Timestamp,
    /// Kind of the event and its data.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// Kind of a step of one stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Creation of a plan file.
    Plan,
    /// Apply of the plan file.
    Apply,
}

impl StepKind {
    /// Returns true if a step of this kind may change a state.
    pub fn is_mutating(self) -> bool {
        match self {
            Self::Plan => false,
            Self::Apply => true,
        }
    }
}

/// Stack that a run selected, as the report shows it before any step ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStack {
    /// Name of the stack.
    pub stack: StackId,
    /// Folder of the stack, relative to environments.toml.
    pub path: String,
    /// Workspace; absent for the default one.
    pub workspace: Option<String>,
    /// Engine of the stack.
    pub engine: EngineName,
    /// Reasons for which the selection holds the stack, as text: `"named"`, `"dependency of app"`.
    pub why: Vec<String>,
    /// Stacks of this run that the stack depends on.
    pub needs: Vec<StackId>,
}

/// Git revision of the working tree that the plans were made from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Commit of HEAD; absent outside of a git repository.
    pub commit: Option<String>,
    /// Branch; absent when HEAD is detached.
    pub branch: Option<String>,
    /// True if the working tree had uncommitted changes; absent when git could not say.
    pub dirty: Option<bool>,
}

/// Answer of a gate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Decision {
    /// Confirmation: the run applies the reviewed plans.
    Confirmed {
        /// Kind of confirmation: `--confirm`, `--confirm=DIGEST`, `--confirm-rounds`, `--yes`, `typed` or `answered`.
        by: String,
        /// Person, machine and exceptions of the answer.
        #[serde(default)]
        record: GateRecord,
    },
    /// Refusal: the run stops and applies nothing.
    Refused {
        /// Reason in one line, as shown to the user.
        because: String,
        /// Further lines of the reason; may be empty.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        detail: String,
        /// Whole command line that continues from this gate; absent when there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<String>,
        /// Person, machine and exceptions of the answer.
        #[serde(default)]
        record: GateRecord,
    },
}

/// Returns the round of a review in a journal of an older version, which did not record rounds.
fn round_of_old_journal() -> u32 {
    1
}

impl Decision {
    /// Returns true if the gate was confirmed.
    pub fn is_confirmed(&self) -> bool {
        matches!(self, Self::Confirmed { .. })
    }
}

/// Kind of an event, with its data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum EventKind {
    /// Start of the run.
    RunStarted {
        /// Version of the journal's format.
        format: u32,
        /// Id of the run.
        run: RunId,
        /// Verb of the command line.
        command: RunVerb,
        /// Environment of the run.
        environment: EnvName,
        /// User that started the run, as the operating system or CI names them.
        user: Option<String>,
        /// Name of the machine.
        host: Option<String>,
        /// Earlier run that this run resumes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resumes: Option<RunId>,
        /// With `--changed`: base of the comparison, and the stacks that were deleted since.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changed_since: Option<ChangedSince>,
        /// Stacks of the run, in dependency order.
        stacks: Vec<RunStack>,
    },
    /// Result of asking git about the working tree that the plans were made from.
    WorkingTree(Revision),
    /// Estimate of the next steps of one kind; emitted when earlier runs give durations, or when the user asked for it.
    Expected {
        /// Kind of the steps.
        step: StepKind,
        /// Estimated duration.
        expected: Expected,
    },
    /// Start of a step.
    StepStarted {
        /// Stack of the step.
        stack: StackId,
        /// Kind of the step.
        step: StepKind,
    },
    /// Start of an engine process of a mutating step; recorded before the process may change anything.
    EngineStarted {
        /// Stack of the step.
        stack: StackId,
        /// Kind of the step.
        step: StepKind,
        /// Process id.
        pid: u32,
        /// Start time of the process in clock ticks since boot. Process id, start time and boot id identify a process
        /// uniquely.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start_time: Option<u64>,
        /// Boot id of the machine that the process runs on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        boot_id: Option<String>,
    },
    /// Start of a hook: a program of the user, whose effects envctl does not know.
    HookStarted {
        /// Stack of the step.
        stack: StackId,
        /// Kind of the step that the hook belongs to.
        step: StepKind,
        /// Key of the hook in environments.toml: `before_apply`.
        hook: String,
        /// Program: the first word of its command line. The other words are left out, since they may hold secrets.
        program: String,
        /// Process id.
        pid: u32,
        /// Start time of the process in clock ticks since boot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start_time: Option<u64>,
        /// Boot id of the machine that the process runs on.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        boot_id: Option<String>,
    },
    /// End of a hook.
    HookEnded {
        /// Stack of the step.
        stack: StackId,
        /// Kind of the step that the hook belongs to.
        step: StepKind,
        /// Key of the hook in environments.toml: `before_apply`.
        hook: String,
        /// Process id of the hook.
        pid: u32,
        /// Exit of the process in words: `exit status 0`.
        exit: String,
    },
    /// Progress of a running step, for a live line of the terminal. Not recorded in the journal.
    Progress {
        /// Stack of the step.
        stack: StackId,
        /// Kind of the step.
        step: StepKind,
        /// Text that says what the engine is doing: `aws_vpc.main: creating`.
        text: String,
    },
    /// End of a step.
    StepFinished(Box<StepFinished>),
    /// Skip of a stack: no step of it will be started.
    StackSkipped {
        /// Stack that is skipped.
        stack: StackId,
        /// Outcome for the report: skipped, deferred, refused or interrupted.
        outcome: Outcome,
    },
    /// Review of all plans of a round, emitted before the gate is asked.
    Reviewed {
        /// Round of plan, review and gate, from 1.
        #[serde(default = "round_of_old_journal")]
        round: u32,
        /// Digest of the review's content.
        digest: String,
        /// Number of changes of each kind.
        totals: ChangeCounts,
        /// Reasons why the plans may not be applied.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        blocked: Vec<Blocked>,
    },
    /// Answer of the gate.
    Decided(Decision),
    /// Interrupt signal received from the user.
    InterruptRequested {
        /// Number of the signal.
        signal: u8,
        /// Number of interrupts so far, from 1.
        count: u32,
    },
    /// End of the run.
    RunFinished {
        /// Exit status of the verb.
        status: ExitStatus,
    },
}

impl EventKind {
    /// Returns true if the journal records the event: all but progress.
    pub fn is_recorded(&self) -> bool {
        !matches!(self, Self::Progress { .. })
    }

    /// Returns true if the event must be synced to the disk before the run continues: the next step may change a state, or
    /// relies on a decision.
    pub fn is_synced(&self) -> bool {
        match self {
            Self::StepStarted { step, .. } => step.is_mutating(),
            Self::EngineStarted { .. }
            | Self::HookStarted { .. }
            | Self::Decided(_)
            | Self::RunFinished { .. } => true,
            Self::HookEnded { .. }
            | Self::RunStarted { .. }
            | Self::WorkingTree(_)
            | Self::Expected { .. }
            | Self::Progress { .. }
            | Self::StepFinished(_)
            | Self::StackSkipped { .. }
            | Self::Reviewed { .. }
            | Self::InterruptRequested { .. } => false,
        }
    }
}

/// Reporter: receives the events of a run and cannot influence it.
///
/// Consumers run on a thread of their own. A consumer that fails is dropped and mentioned once at the end of the run. Events
/// arrive in the order of their numbers; progress may be left out when a consumer is slow.
pub trait Consumer: Send {
    /// Returns the name for the note about a dropped consumer: `terminal`.
    fn name(&self) -> &str;

    /// Handles one event.
    fn consume(&mut self, event: &Event) -> io::Result<()>;

    /// Returns the interval at which [`Consumer::tick`] is called while no event arrives; `None` for never.
    fn tick_every(&self) -> Option<Duration> {
        None
    }

    /// Redraws elapsed times; called once per interval.
    fn tick(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// Ends the output; called after the last event.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Result of a step.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepFinished {
    /// Stack of the step.
    pub stack: StackId,
    /// Kind of the step.
    pub step: StepKind,
    /// Outcome of the step.
    pub outcome: Outcome,
    /// Version of the engine; absent when no engine ran.
    pub engine_version: Option<String>,
    /// Duration in seconds.
    pub duration: f64,
    /// Number of engine processes started.
    pub processes: u32,
    /// Number of attempts.
    pub attempts: u32,
    /// Exit code of the last engine process.
    pub engine_exit_code: Option<i32>,
    /// Log file of the step.
    pub log: Option<Utf8PathBuf>,
    /// Plan file, for a plan with changes.
    pub plan: Option<Utf8PathBuf>,
    /// True if the plan uses values that are not known yet, such as mocks of outputs.
    pub tentative: bool,
    /// True if only a part of the stack was planned, by `--target` or `--without`.
    #[serde(default)]
    pub incomplete: bool,
    /// True if an earlier plan still holds and no new one was made.
    #[serde(default)]
    pub reused: bool,
    /// Notes for the user, in addition to the outcome.
    pub notes: Vec<String>,
}

impl StepFinished {
    /// Creates the result of a step that ended without an engine: everything but the outcome is empty.
    pub fn new(stack: StackId, step: StepKind, outcome: Outcome) -> Self {
        Self {
            stack,
            step,
            outcome,
            engine_version: None,
            duration: 0.0,
            processes: 0,
            attempts: 1,
            engine_exit_code: None,
            log: None,
            plan: None,
            tentative: false,
            incomplete: false,
            reused: false,
            notes: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
