//! Plain data that all layers share: names, actions, changes, outcomes, the report. No IO, no rendering.

mod action;
mod address_pattern;
mod allow;
mod attribute_path;
mod canonical_address;
mod changed_since;
mod changes;
mod clock;
mod engine_name;
mod eta;
mod exact_number;
mod exit;
mod file_name;
mod gate_record;
mod guard;
mod hex;
mod ids;

mod outcome;
mod report;
mod run_verb;
mod stack_note;
mod tentative_reason;
mod value_digest;
mod variable_pattern;
mod workspace;

pub use action::{Action, ReplaceOrder};
pub use address_pattern::{AddressPattern, InvalidAddressPattern, matches_text};
pub use allow::{GuardException, InvalidAllow, NamedResource};
pub use attribute_path::member_path;
pub use canonical_address::is_canonical_address;
pub use changed_since::{ChangedSince, GoneStack, base_label, short_commit};
pub use changes::{ActionInvocation, ActionTrigger, ChangeCounts, Changes, OutputChange, ResourceChange};
pub use clock::{Clock, SystemClock};
pub use engine_name::{EngineName, UnknownEngine};
pub use eta::{Eta, Expected};
pub use exact_number::{exact_number, is_same_number, keeps_numbers};
pub use exit::ExitStatus;
pub use file_name::file_name;
pub use gate_record::GateRecord;
pub use guard::Guard;
pub use hex::hex;
pub use ids::{EnvName, InstanceId, InvalidName, ResourceAddress, RunId, StackId};
pub use outcome::{Block, Blocked, Failure, FailureKind, Outcome, SkipReason};
pub use report::{
    EngineReport, ErrorDocument, ErrorReport, Report, ResourceReport, RunResult, StackReport, StackResult,
};
pub use run_verb::RunVerb;
pub use stack_note::{StackNote, deferral_reason, earlier_apply_note, tentative_reasons};
pub use tentative_reason::TentativeReason;
pub use value_digest::{PlannedDigests, ValueDigest};
pub use variable_pattern::{InvalidVariablePattern, VariablePattern};
pub use workspace::CreateWorkspace;
