//! The JSON report of a run: stable, versioned, with a committed schema. Never holds the value of a resource.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    ActionInvocation, Block, ChangeCounts, ChangedSince, EngineName, EnvName, Eta, FailureKind,
    ResourceAddress, RunId, StackId,
};

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RunResult {
    /// Nothing to do.
    Clean,
    /// Planned, with changes.
    Changes,
    /// Applied.
    Applied,
    /// At least one stack failed.
    Failed,
    /// Not confirmed, or a guard refused.
    Refused,
    /// A lock is held by someone else.
    Locked,
    /// Stopped by the user.
    Interrupted,
}

/// How one stack of a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum StackResult {
    /// Nothing to do.
    Clean,
    /// Planned, with changes.
    Changes,
    /// Applied.
    Applied,
    /// It went wrong.
    Failed,
    /// Not attempted.
    Skipped,
    /// Cannot be planned before another stack exists.
    Deferred,
    /// Planned and not applied.
    Refused,
    /// Stopped by the user.
    Interrupted,
}

/// The engine that a run used first, or a stack's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EngineReport {
    /// Its name.
    pub name: EngineName,
    /// Its version.
    pub version: String,
}

/// One changed resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceReport {
    /// Where it is in the state.
    #[schemars(with = "String")]
    pub address: ResourceAddress,
    /// What would happen, or happened.
    pub action: String,
    /// Where it was, for a move.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub previous_address: Option<ResourceAddress>,
    /// Whether an existing object is taken into the state.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub importing: bool,
}

/// Why a stack, or a whole verb, failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorReport {
    /// What kind of thing went wrong.
    pub kind: FailureKind,
    /// One line.
    pub summary: String,
    /// The rest.
    pub detail: String,
    /// The file it is about.
    pub file: Option<String>,
    /// The line in that file, from 1.
    pub line: Option<u32>,
}

/// What `--json` prints when a verb could not do its work, instead of the document that it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorDocument {
    /// The version of this format: 1.
    pub format: u32,
    /// `failed`, `refused`, `locked` or `interrupted`.
    pub result: RunResult,
    /// What the program exits with.
    pub exit_code: u8,
    /// Why.
    pub error: ErrorReport,
}

/// Note on a stack that was not started before the run was interrupted.
pub const NOT_BEGUN: &str = "it was not begun";

/// Prefix of a note that says why a plan is tentative.
pub const TENTATIVE: &str = "tentative: ";

/// One stack of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StackReport {
    /// The stack's name.
    #[schemars(with = "String")]
    pub stack: StackId,
    /// Its folder, relative to environments.toml.
    pub path: String,
    /// Its workspace; absent for the default one.
    pub workspace: Option<String>,
    /// How it ended; absent while it runs.
    pub result: Option<StackResult>,
    /// How many of each kind.
    pub changes: ChangeCounts,
    /// The changed resources, by address.
    pub resources: Vec<ResourceReport>,
    /// Actions of providers that would be invoked, or were.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionInvocation>,
    /// The engine that ran.
    pub engine: EngineName,
    /// Whether an earlier clean plan was taken instead of a new one.
    pub reused: bool,
    /// Why the stack was in the run.
    pub why: Vec<String>,
    /// Whether the plan rests on values that are not known yet.
    pub tentative: bool,
    /// True if only a part of the stack was planned: `--target`, `--without`, or changes that the engine deferred.
    #[serde(default)]
    pub incomplete: bool,
    /// What refused it, or keeps its plan from being applied.
    pub blocked: Vec<Block>,
    /// The stack that caused a skip or a deferral.
    #[schemars(with = "Option<String>")]
    pub because: Option<StackId>,
    /// How often its plan was tried; an apply is tried once.
    pub attempts: u32,
    /// The exit status of the last engine process.
    pub engine_exit_code: Option<i32>,
    /// When its first step started.
    #[schemars(with = "Option<String>")]
    pub started: Option<Timestamp>,
    /// Seconds in its steps.
    pub duration: f64,
    /// Engine processes started for it.
    pub processes: u32,
    /// Its log file.
    pub log: Option<String>,
    /// Its plan file.
    pub plan: Option<String>,
    /// Why it failed.
    pub error: Option<ErrorReport>,
    /// What a person should know beside the result.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

/// One run, in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Report {
    /// The version of this format: 1.
    pub format: u32,
    /// The run's id.
    #[schemars(with = "String")]
    pub run: RunId,
    /// The verb.
    pub command: String,
    /// The environment.
    #[schemars(with = "String")]
    pub environment: EnvName,
    /// How it ended; absent while it runs, and for good when envctl was killed.
    pub result: Option<RunResult>,
    /// What the verb exited with.
    pub exit_code: Option<u8>,
    /// When it started.
    #[schemars(with = "String")]
    pub started: Timestamp,
    /// Seconds.
    pub duration: f64,
    /// The commit of the working tree, when it is in git.
    pub commit: Option<String>,
    /// Whether anything was uncommitted.
    pub dirty: Option<bool>,
    /// The digest of the review.
    pub digest: Option<String>,
    /// The round of plan, review and gate that the digest is of, from 1; absent before the first review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round: Option<u32>,
    /// The stacks that this run has applied.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub applied: Vec<StackId>,
    /// The whole command that goes on from a gate that was not passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// The engine of the first stack.
    pub engine: Option<EngineReport>,
    /// How many of each kind, over all stacks.
    pub totals: ChangeCounts,
    /// How long it was expected to take; absent when nothing was known of that and nobody asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eta: Option<Eta>,
    /// With `--changed`: since when, and what is gone since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub changed_since: Option<ChangedSince>,
    /// The stacks, in dependency order.
    pub stacks: Vec<StackReport>,
    /// What keeps all of its plans from being applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<Block>,
    /// What a person should know of how its gate was passed: what was let through by name, what was answered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// Why the run as a whole was refused or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorReport>,
}
