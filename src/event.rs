//! The vocabulary of a run: what the dispatcher says, the journal stores, reporters show and the report is folded from.

use camino::Utf8PathBuf;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{ChangeCounts, EngineName, EnvName, ExitStatus, Outcome, RunId, StackId};

/// One thing that happened, numbered by the dispatcher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// From 0, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// A step of one stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// Plan into a plan file.
    Plan,
    /// Apply that plan file.
    Apply,
}

/// A stack as a run takes it: what the report says of it before anything ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStack {
    /// Its name.
    pub stack: StackId,
    /// Its folder, relative to environments.toml.
    pub path: String,
    /// Its workspace; absent for the default one.
    pub workspace: Option<String>,
    /// Its engine.
    pub engine: EngineName,
    /// Why it is in the run.
    pub why: Vec<String>,
    /// The stacks of this run that it depends on.
    pub needs: Vec<StackId>,
}

/// What the working tree was when a run started.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// The commit, when there is one.
    pub commit: Option<String>,
    /// The branch, unless detached.
    pub branch: Option<String>,
    /// Whether anything was uncommitted.
    pub dirty: Option<bool>,
}

/// How a gate was answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "answer")]
pub enum Decision {
    /// Go on.
    Confirmed {
        /// How: `--confirm`, `--yes`, `typed`, `answered`.
        by: String,
    },
    /// Stop, apply nothing.
    Refused {
        /// Why, as shown to the user.
        because: String,
    },
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum EventKind {
    /// The run exists.
    RunStarted {
        /// The version of the journal's format.
        format: u32,
        /// Its id.
        run: RunId,
        /// The verb.
        command: String,
        /// The environment.
        environment: EnvName,
        /// The working tree.
        revision: Revision,
        /// Who started it, as the operating system or CI names them.
        user: Option<String>,
        /// On which machine.
        host: Option<String>,
        /// The stacks, in dependency order.
        stacks: Vec<RunStack>,
    },
    /// A step was started.
    StepStarted {
        /// Whose.
        stack: StackId,
        /// Which.
        step: StepKind,
    },
    /// An engine process was started for a mutating step; written before it may change anything.
    EngineStarted {
        /// Whose.
        stack: StackId,
        /// Which step.
        step: StepKind,
        /// The process.
        pid: u32,
    },
    /// A running step did something worth a live line. Not journaled.
    Progress {
        /// Whose.
        stack: StackId,
        /// Which step.
        step: StepKind,
        /// A few words: `aws_vpc.main: creating`.
        text: String,
    },
    /// A step ended.
    StepFinished(Box<StepFinished>),
    /// A stack will not be attempted.
    StackSkipped {
        /// Which.
        stack: StackId,
        /// How it is reported: skipped, deferred or refused.
        outcome: Outcome,
    },
    /// Everything is planned; the gate is asked.
    Reviewed {
        /// The digest of the review's content.
        digest: String,
        /// How many of each kind.
        totals: ChangeCounts,
    },
    /// The gate was answered.
    Decided(Decision),
    /// The user asked to stop.
    InterruptRequested {
        /// The signal's number.
        signal: u8,
        /// The how-manieth it is, from 1.
        count: u32,
    },
    /// The run is over.
    RunFinished {
        /// What the verb exits with.
        status: ExitStatus,
    },
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepFinished {
    /// Whose.
    pub stack: StackId,
    /// Which.
    pub step: StepKind,
    /// How.
    pub outcome: Outcome,
    /// The engine's version, when one ran.
    pub engine_version: Option<String>,
    /// Seconds.
    pub duration: f64,
    /// Engine processes started.
    pub processes: u32,
    /// How often it was tried.
    pub attempts: u32,
    /// The exit status of the last engine process.
    pub engine_exit_code: Option<i32>,
    /// Its log file.
    pub log: Option<Utf8PathBuf>,
    /// Its plan file, for a plan with changes.
    pub plan: Option<Utf8PathBuf>,
    /// Whether the plan rests on values that are not known yet.
    pub tentative: bool,
    /// What a person should know beside the outcome.
    pub notes: Vec<String>,
}
