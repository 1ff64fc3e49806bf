//! Outcomes of stacks.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Changes, Guard, ResourceAddress, StackId};

/// Kind of a failure, so that callers can react to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FailureKind {
    /// The state is locked by another process.
    Locked,
    /// Credentials are missing, wrong or expired.
    Auth,
    /// A service limited the rate of requests.
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
    /// No permission to continue: no confirmation, a guard, a changed input of the plan.
    Refused,
    /// Defect of envctl.
    Defect,
    /// Any other cause.
    Unknown,
}

/// Failure of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Kind of the failure.
    pub kind: FailureKind,
    /// One line for the user.
    pub summary: String,
    /// Further lines; may be empty.
    #[serde(default)]
    pub detail: String,
    /// File that the failure is about, relative to the project where possible.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Line in that file, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// Exit code of the engine; absent when no engine ended by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine_exit_code: Option<i32>,
}

impl Failure {
    /// Creates a failure with a one-line summary.
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

    /// Replaces the detail.
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

/// Reason why a plan may not be applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Block {
    /// Guard or binding that refuses: `workspace`, `protect`, `replan` …
    #[schemars(with = "String")]
    pub guard: Guard,
    /// Finding of the guard.
    pub message: String,
    /// Resource that the guard refuses; absent when the block is about the whole plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub address: Option<ResourceAddress>,
    /// Value of `--allow` that lifts the block; absent when there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow: Option<String>,
}

/// Block of one stack, or of a run as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// Stack whose plan is refused; absent if no plan of the run may be applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stack: Option<StackId>,
    /// Reason of the refusal.
    pub block: Block,
}

impl Block {
    /// Creates a block of a guard.
    pub fn new(guard: Guard, message: impl Into<String>) -> Self {
        Self { guard, message: message.into(), address: None, allow: None }
    }
}

/// Reason why no step of a stack was started.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// A stack that this stack depends on did not succeed.
    Dependency(StackId),
    /// With `--fail-fast`, this other stack failed first.
    FailFast(StackId),
    /// The review was not confirmed.
    NotConfirmed,
    /// The stack's own files exclude it; the text says how.
    Excluded(String),
}

impl SkipReason {
    /// Returns the stack that caused the skip; `None` when no stack did.
    pub fn stack(&self) -> Option<&StackId> {
        match self {
            Self::Dependency(stack) | Self::FailFast(stack) => Some(stack),
            Self::NotConfirmed | Self::Excluded(_) => None,
        }
    }
}

/// Outcome of one stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No changes planned.
    Clean,
    /// Planned changes.
    Changed(Changes),
    /// Applied changes.
    Applied(Changes),
    /// Failure of a step.
    Failed(Failure),
    /// Stack without a step.
    Skipped {
        /// Reason of the skip.
        because: SkipReason,
    },
    /// Stack that cannot be planned before another stack exists.
    Deferred {
        /// Stack that has to exist first.
        because: StackId,
    },
    /// Plan that may not be applied.
    Refused(Vec<Block>),
    /// Interruption by the user.
    Interrupted,
}

impl Outcome {
    /// Returns true if the files of the stack exclude it.
    pub fn is_excluded(&self) -> bool {
        matches!(self, Self::Skipped { because: SkipReason::Excluded(_) })
    }

    /// Returns true if the stack was skipped and should not have been; a stack that its own files exclude does not count.
    pub fn is_left_undone(&self) -> bool {
        matches!(self, Self::Skipped { .. }) && !self.is_excluded()
    }

    /// Returns true if a stack was not applied because its new plan goes beyond the confirmed one.
    pub fn is_beyond_confirmed(&self) -> bool {
        matches!(self, Self::Refused(blocks) if !blocks.is_empty() && blocks.iter().all(|block| block.guard == Guard::Replan))
    }

    /// Returns the changes of a plan or an apply.
    pub fn changes(&self) -> Option<&Changes> {
        match self {
            Self::Changed(changes) | Self::Applied(changes) => Some(changes),
            _ => None,
        }
    }
}
