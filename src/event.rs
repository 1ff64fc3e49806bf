//! The vocabulary of a run: what the dispatcher says, the journal stores, reporters show and the report is folded from.

use std::{io, time::Duration};

use camino::Utf8PathBuf;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{
    Blocked, ChangeCounts, ChangedSince, EngineName, EnvName, ExitStatus, Expected, GateRecord, Outcome,
    RunId, StackId,
};

/// One thing that happened, numbered by the dispatcher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// From 0, without gaps; [`EventKind::Progress`] bears the number of the recorded event that comes next.
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

impl StepKind {
    /// Whether it may change a state.
    pub fn is_mutating(self) -> bool {
        match self {
            Self::Plan => false,
            Self::Apply => true,
        }
    }
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
        /// Who, and with what.
        #[serde(default)]
        record: GateRecord,
    },
    /// Stop, apply nothing.
    Refused {
        /// Why, as shown to the user, in one line.
        because: String,
        /// The rest, possibly empty.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        detail: String,
        /// The whole command that goes on from here, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        next: Option<String>,
        /// Who, and with what.
        #[serde(default)]
        record: GateRecord,
    },
}

/// The round of a review whose journal does not tell: later ones were not counted then.
fn first_round() -> u32 {
    1
}

impl Decision {
    /// Whether it goes on.
    pub fn is_yes(&self) -> bool {
        matches!(self, Self::Confirmed { .. })
    }
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
        /// Who started it, as the operating system or CI names them.
        user: Option<String>,
        /// On which machine.
        host: Option<String>,
        /// The run that it resumes.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resumes: Option<RunId>,
        /// With `--changed`: since when, and what is gone since then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        changed_since: Option<ChangedSince>,
        /// The stacks, in dependency order.
        stacks: Vec<RunStack>,
    },
    /// What git said of the working tree that the plans were made from.
    WorkingTree(Revision),
    /// It is known how long the next steps of one kind will probably take, or somebody wants to know.
    Expected {
        /// Which steps.
        step: StepKind,
        /// How long.
        expected: Expected,
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
        /// When it started, in ticks since the boot: with its id and the boot it is like no other.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start_time: Option<u64>,
        /// The boot of the machine that it runs in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        boot_id: Option<String>,
    },
    /// A hook was started: a program of the stack's owner, of which nobody knows what it changes.
    HookStarted {
        /// Whose.
        stack: StackId,
        /// Around which step.
        step: StepKind,
        /// When it runs: `before_apply`.
        hook: String,
        /// The program: the first word of its command line, which may hold what is nobody's business.
        program: String,
        /// The process.
        pid: u32,
        /// When it started, in ticks since the boot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        start_time: Option<u64>,
        /// The boot of the machine that it runs in.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        boot_id: Option<String>,
    },
    /// A hook ended.
    HookEnded {
        /// Whose.
        stack: StackId,
        /// Around which step.
        step: StepKind,
        /// When it ran.
        hook: String,
        /// The process that it was.
        pid: u32,
        /// How: `exit status 0`.
        exit: String,
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
        /// The round of plan, review and gate, from 1.
        #[serde(default = "first_round")]
        round: u32,
        /// The digest of the review's content.
        digest: String,
        /// How many of each kind.
        totals: ChangeCounts,
        /// What keeps the plans from being applied.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        blocked: Vec<Blocked>,
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

impl EventKind {
    /// Whether the journal keeps it: all but live words.
    pub fn is_recorded(&self) -> bool {
        !matches!(self, Self::Progress { .. })
    }

    /// Whether it must have reached the disk before anything else happens: what follows it may change a state, or relies
    /// on what was decided.
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

/// Someone who is told what happens in a run and can change nothing about it: a reporter.
///
/// Consumers run on a thread of their own. One that fails is dropped and mentioned once at the end of the run; events
/// arrive in the order of their numbers, progress may be left out when a consumer is slow.
pub trait Consumer: Send {
    /// What it is called when it has to be dropped: `terminal`.
    fn name(&self) -> &str;

    /// Takes one event.
    fn consume(&mut self, event: &Event) -> io::Result<()>;

    /// How often [`Consumer::tick`] is wanted while nothing happens; absent for never.
    fn tick_every(&self) -> Option<Duration> {
        None
    }

    /// Time has passed: elapsed times may be drawn anew.
    fn tick(&mut self) -> io::Result<()> {
        Ok(())
    }

    /// There will be no more events.
    fn finish(&mut self) -> io::Result<()> {
        Ok(())
    }
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
    /// True if only a part of the stack was planned, by `--target` or `--without`.
    #[serde(default)]
    pub incomplete: bool,
    /// Whether no plan was made, because an earlier one still holds.
    #[serde(default)]
    pub reused: bool,
    /// What a person should know beside the outcome.
    pub notes: Vec<String>,
}

impl StepFinished {
    /// A step that ended without any engine: everything but the outcome is empty.
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
