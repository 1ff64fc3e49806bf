//! Engines: their flags, their files and the meaning of their output. No other module knows these.
//!
//! Code above this layer never matches on an engine's name: it calls the [`Engine`].

mod contract;
pub mod detect;
mod driver;
mod engines;
mod environment;
mod flags;
mod given_flags;
pub mod layout;
#[cfg(test)]
mod malformed_output;
pub mod messages;
mod next_command;
mod operations;
mod plan_file;
mod process;
mod program;
mod recovery;
mod required_version;
mod state;
pub mod syntax_check;
mod target;
mod terraform;
pub mod terragrunt;
mod typed_command;

pub use contract::{
    Applied, EffectiveInit, EngineError, EngineLabel, MovedAddress, PlanFacts, PlanMode, PlanRequest,
    Planned, Progress, Session, WorkspaceStatus,
};

pub use engines::{Engines, driven_engine};

pub use environment::{
    aws_credentials, bound_variables, clean_environment, cli_configs, recorded_variables, replaced_providers,
    shared_account_files, shared_accounts, value_from,
};
pub use given_flags::GivenFlags;
pub use messages::{awaits_upstream, is_transient, stale};
pub use operations::Engine;
pub use plan_file::{
    ExactJson, PlanFileError, comparable_value, has_long_number, long_number, plan_facts, plan_variables,
};
pub use process::Log;
pub use program::{EnginePlace, EngineProgram, EngineUnavailable};
pub use recovery::{holds_state, is_rescued, unwritable};
pub use required_version::{enforces_compatible_with, enforces_required_version};
pub use state::{
    FormerNames, KnownOutputs, LocalIdentity, MAX_CONCURRENT_REQUESTS, Output, OutputKind, PlannedOutput,
    PlannedValue, PrintedOutput, RecordedState, RemoteStates, RemoteVersion, RemoteVersionAnswer, StateError,
    StateIdentity, StateMove, UNKNOWN_ADDRESS, check_local_state, keep_address_secrets, mask_former_address,
    moved_address, outputs_before, recorded_state, state_addresses, state_at,
};
pub use target::{
    Backend, BackendInForce, CalledModule, GeneratedValues, LockfilePolicy, Neighbours, StackFolder,
    StateException, Target, TypedColors, ValuePlace, ValuePlaces,
};
pub use terraform::{
    BoundContent, MODULES, PackageDigest, forget_init, has_configured_address, installed_modules,
};
pub use terragrunt::{DownloadedFor, downloaded_for};
pub use typed_command::{
    Intent, corrected_verb, evaluates_variables, flag_beyond_reading, intent_of, is_verb, may_make_workspace,
    takes_values,
};
