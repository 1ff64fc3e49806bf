//! How one stack ended: a sum, never a bool.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Changes, ResourceAddress, StackId};

/// What kind of thing went wrong, so that callers can act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FailureKind {
    /// The state is locked by someone else.
    Locked,
    /// Credentials are missing, wrong or expired.
    Auth,
    /// A service asked to slow down.
    Throttled,
    /// A service could not be reached.
    Network,
    /// The stack's files, variables or environments.toml are wrong.
    Config,
    /// A provider failed or could not be installed.
    Provider,
    /// The state is missing, broken, or not the one it should be.
    State,
    /// The engine is missing, was killed, or broke its own rules.
    Engine,
    /// It was not allowed to go on: no confirmation, a guard, a binding.
    Refused,
    /// envctl itself is at fault.
    Defect,
    /// Anything else.
    Unknown,
}

/// Why a stack failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// What kind of thing went wrong.
    pub kind: FailureKind,
    /// One line.
    pub summary: String,
    /// The rest, possibly many lines, possibly empty.
    #[serde(default)]
    pub detail: String,
    /// The file it is about, relative to the project where possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The line in that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The engine's exit status, when it ran to an end of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_exit_code: Option<i32>,
}

impl Failure {
    /// A failure of a kind, in one line.
    pub fn new(kind: FailureKind, summary: impl Into<String>) -> Self {
        Self {
            kind,
            summary: summary.into(),
            detail: String::new(),
            file: None,
            line: None,
            engine_exit_code: None,
        }
    }

    /// The same failure with more to say.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)
    }
}

/// One reason why a plan may not be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Block {
    /// The guard or binding that refuses: `workspace`, `protect`, `replan` …
    pub guard: String,
    /// What it found.
    pub message: String,
    /// The resource that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub address: Option<ResourceAddress>,
    /// The `--allow` that lets it through, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow: Option<String>,
}

/// A block of one stack, or of a run as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// The stack; absent for the whole run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<StackId>,
    /// What refuses.
    pub block: Block,
}

impl Block {
    /// A block by its guard and what it found.
    pub fn new(guard: impl Into<String>, message: impl Into<String>) -> Self {
        Self { guard: guard.into(), message: message.into(), address: None, allow: None }
    }
}

/// Why a stack was not attempted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// A stack that it depends on did not succeed.
    Dependency(StackId),
    /// `--fail-fast`, and this stack failed first.
    FailFast(StackId),
    /// The review was not confirmed.
    NotConfirmed,
    /// Its own files leave it out of what would be done, in these words.
    Excluded(String),
}

impl SkipReason {
    /// The stack that caused the skip, if one did.
    pub fn stack(&self) -> Option<&StackId> {
        match self {
            Self::Dependency(stack) | Self::FailFast(stack) => Some(stack),
            Self::NotConfirmed | Self::Excluded(_) => None,
        }
    }
}

/// How one stack ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Planned; there is nothing to do.
    Clean,
    /// Planned; an apply would do this.
    Changed(Changes),
    /// This was done.
    Applied(Changes),
    /// It went wrong.
    Failed(Failure),
    /// It was not attempted.
    Skipped {
        /// Why not.
        because: SkipReason,
    },
    /// It cannot be planned before that stack exists.
    Deferred {
        /// The stack that has to exist first.
        because: StackId,
    },
    /// It was planned and may not be applied.
    Refused(Vec<Block>),
    /// The user stopped it.
    Interrupted,
}

/// Guard of the blocks of a new plan that goes beyond the confirmed one.
pub const BEYOND_CONFIRMED: &str = "replan";

/// Beginning of the note on a stack that its own files exclude.
pub const LEFT_OUT: &str = "left out: ";

impl Outcome {
    /// Returns true if the files of the stack exclude it.
    pub fn is_excluded(&self) -> bool {
        matches!(self, Self::Skipped { because: SkipReason::Excluded(_) })
    }

    /// Returns true if a stack was skipped that others wait for; one that its own files exclude is as it should be.
    pub fn is_left_undone(&self) -> bool {
        matches!(self, Self::Skipped { .. }) && !self.is_excluded()
    }

    /// Returns true if a stack was not applied because its new plan goes beyond the confirmed one.
    pub fn is_beyond_confirmed(&self) -> bool {
        matches!(self, Self::Refused(blocks) if !blocks.is_empty() && blocks.iter().all(|block| block.guard == BEYOND_CONFIRMED))
    }

    /// The changes of a plan or an apply.
    pub fn changes(&self) -> Option<&Changes> {
        match self {
            Self::Changed(changes) | Self::Applied(changes) => Some(changes),
            _ => None,
        }
    }
}
