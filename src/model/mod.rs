//! Plain data that every floor shares: names, actions, changes, outcomes, the report. No IO, no rendering.

mod action;
mod changes;
mod engine_name;
mod exit;
mod ids;
mod outcome;
mod report;
mod workspace;

pub use action::{Action, ReplaceOrder};
pub use changes::{ChangeCounts, Changes, OutputChange, ResourceChange};
pub use engine_name::{EngineName, UnknownEngine};
pub use exit::ExitStatus;
pub use ids::{EnvName, InstanceId, InvalidName, ResourceAddress, RunId, StackId};
pub use outcome::{Block, Failure, FailureKind, Outcome, SkipReason};
pub use report::{EngineReport, ErrorReport, Report, ResourceReport, RunResult, StackReport, StackResult};
pub use workspace::CreateWorkspace;
