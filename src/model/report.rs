//! The JSON report of a run: stable, versioned, with a committed schema. Never holds the value of a resource.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ActionInvocation, Block, ChangeCounts, ChangedSince, EngineName, EnvName, Eta, FailureKind,
    ResourceAddress, RunId, RunVerb, StackId,
};

/// Result of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunResult {
    /// No changes.
    Clean,
    /// Changes are planned.
    Changes,
    /// Changes were applied.
    Applied,
    /// At least one stack failed.
    Failed,
    /// The gate was not confirmed, or a guard refused.
    Refused,
    /// A lock is held by another process.
    Locked,
    /// The user interrupted the run.
    Interrupted,
}

impl RunResult {
    /// Returns the result as it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Changes => "changes",
            Self::Applied => "applied",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Locked => "locked",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Result of one stack of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StackResult {
    /// No changes.
    Clean,
    /// Changes are planned.
    Changes,
    /// Changes were applied.
    Applied,
    /// A step failed.
    Failed,
    /// No step was started.
    Skipped,
    /// Planning needs another stack that does not exist yet.
    Deferred,
    /// Changes are planned and may not be applied.
    Refused,
    /// The user interrupted the stack.
    Interrupted,
}

impl StackResult {
    /// Returns the result as it is printed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Changes => "changes",
            Self::Applied => "applied",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Deferred => "deferred",
            Self::Refused => "refused",
            Self::Interrupted => "interrupted",
        }
    }
}

/// Name and version of an engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EngineReport {
    /// Name of the engine.
    pub name: EngineName,
    /// Version of the engine.
    pub version: String,
}

/// Changed resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceReport {
    /// Address in the state.
    #[schemars(with = "String")]
    pub address: ResourceAddress,
    /// Action on the resource, planned or applied.
    pub action: String,
    /// Address before a move; absent when the resource is not moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub previous_address: Option<ResourceAddress>,
    /// True if an existing object is imported into the state.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub importing: bool,
}

/// Error of a stack or of a whole verb.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorReport {
    /// Kind of the failure.
    pub kind: FailureKind,
    /// One line for the user.
    pub summary: String,
    /// Further lines; may be empty.
    pub detail: String,
    /// File that the error is about.
    pub file: Option<String>,
    /// Line in that file, from 1.
    pub line: Option<u32>,
}

/// Document that `--json` prints when a verb fails, in place of the verb's own document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorDocument {
    /// Version of this format: 1.
    pub format: u32,
    /// `failed`, `refused`, `locked` or `interrupted`.
    pub result: RunResult,
    /// Exit code of the process.
    pub exit_code: u8,
    /// Reason of the failure.
    pub error: ErrorReport,
}

/// One stack of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StackReport {
    /// Name of the stack.
    #[schemars(with = "String")]
    pub stack: StackId,
    /// Folder of the stack, relative to environments.toml.
    pub path: String,
    /// Workspace; absent for the default one.
    pub workspace: Option<String>,
    /// Result of the stack; absent while it runs.
    pub result: Option<StackResult>,
    /// Number of changes of each kind.
    pub changes: ChangeCounts,
    /// Changed resources, sorted by address.
    pub resources: Vec<ResourceReport>,
    /// Actions of providers that an apply would invoke, or has invoked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionInvocation>,
    /// Engine of the stack.
    pub engine: EngineName,
    /// True if an earlier clean plan was reused.
    pub reused: bool,
    /// Reasons for which the selection holds the stack: `named`, `dependency of app`.
    pub why: Vec<String>,
    /// True if the plan uses values that are not known yet, such as mocks of outputs.
    pub tentative: bool,
    /// True if only a part of the stack was planned: `--target`, `--without`, or changes that the engine deferred.
    #[serde(default)]
    pub incomplete: bool,
    /// Reasons why the plan may not be applied.
    pub blocked: Vec<Block>,
    /// Stack that caused a skip or a deferral.
    #[schemars(with = "Option<String>")]
    pub because: Option<StackId>,
    /// Number of attempts of the plan; an apply has one.
    pub attempts: u32,
    /// Exit code of the last engine process.
    pub engine_exit_code: Option<i32>,
    /// Start time of the first step.
    #[schemars(with = "Option<String>")]
    pub started: Option<Timestamp>,
    /// Duration of all steps in seconds.
    pub duration: f64,
    /// Number of engine processes started.
    pub processes: u32,
    /// Log file of the stack.
    pub log: Option<String>,
    /// Plan file of the stack.
    pub plan: Option<String>,
    /// Reason of a failure.
    pub error: Option<ErrorReport>,
    /// Notes for the user, in addition to the result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// Report of one run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// Version of this format: 1.
    pub format: u32,
    /// Id of the run.
    #[schemars(with = "String")]
    pub run: RunId,
    /// Verb of the command line.
    pub command: RunVerb,
    /// Environment of the run.
    #[schemars(with = "String")]
    pub environment: EnvName,
    /// Result of the run; absent while it runs, and for ever when envctl was killed.
    pub result: Option<RunResult>,
    /// Exit code of the verb.
    pub exit_code: Option<u8>,
    /// Start time of the run.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// Duration in seconds.
    pub duration: f64,
    /// Commit of HEAD; absent outside of a git repository.
    pub commit: Option<String>,
    /// True if the working tree had uncommitted changes; absent when git could not say.
    pub dirty: Option<bool>,
    /// Digest of the last review.
    pub digest: Option<String>,
    /// Round of plan, review and gate that the digest belongs to, from 1; absent before the first review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
    /// Stacks that this run has applied.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub applied: Vec<StackId>,
    /// Whole command line that continues from a gate that was not passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Engine of the first stack.
    pub engine: Option<EngineReport>,
    /// Number of changes of each kind, over all stacks.
    pub totals: ChangeCounts,
    /// Estimated duration; absent when no earlier run gives one and the user did not ask.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta: Option<Eta>,
    /// With `--changed`: base of the comparison, and the stacks that no longer exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_since: Option<ChangedSince>,
    /// Stacks of the run, in dependency order.
    pub stacks: Vec<StackReport>,
    /// Reasons why no plan of the run may be applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<Block>,
    /// Notes on how the gate was passed: used exceptions, confirmed checklist items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Reason why the run as a whole was refused or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}
