//! Engines: their flags, their files and the meaning of their output. No other module knows these.
//!
//! Code above this layer never matches on an engine's name: it calls the [`Engine`].

mod applying;
mod arguments;
mod attributes;
mod backend_check;
mod backend_record;
mod bound_content;
mod call;
mod claims;
mod cli_settings;
mod contract;
mod data_dir;
pub mod detect;
mod document;
mod driver;
mod effective_init;
mod engine_words;
mod engines;
mod environment;
mod exact_json;
mod exit_error;
mod failure;
mod fingerprint;
mod first_apply;
mod flags;
mod folder_lock;
mod former_names;
#[cfg(test)]
mod hostile;
mod init;
mod install;
mod installed;
pub mod layout;
mod lineage;
mod local_check;
mod local_state;
mod lock_info;
mod lockfile;
mod log;
mod meeting;
mod message_file;
mod migrating;
mod module_manifest;
mod mutating;
mod next_command;
mod outputs;
mod packages;
mod plan_actions;
mod plan_file;
mod plan_json;
mod plan_variables;
mod planning;
mod program_digest;
mod provider_variables;
mod remote_state;
mod rendered;
#[cfg(feature = "s3")]
mod s3;
mod shared_accounts;
mod stale;
mod state_after;
mod state_file;
mod state_move;
mod state_outputs;
mod state_stamp;
pub mod stream_json;
pub mod syntax_check;
mod target;
mod terraform;
mod terragrunt;
mod text_diagnostics;
mod transient;
mod typed;
mod typed_arguments;
mod unit_backend;
mod unit_exclusion;
mod unit_folders;
mod unit_init;
mod unit_planning;
mod unit_values;
pub mod units;
mod unsaved;
mod upstream;
mod value_digests;
mod value_place;
mod verbs;
mod version_cache;
mod version_files;
mod workspace_list;

pub use bound_content::BoundContent;
pub use cli_settings::{cli_configs, replaced_providers};
pub use contract::{
    Applied, EffectiveInit, Engine, EngineError, PlanFacts, PlanMode, PlanRequest, Planned, Progress,
    Session, WorkspaceStatus,
};
pub use effective_init::{MODULES, installed_modules};
pub use engines::{Engines, driven_engine};
pub use environment::{clean_environment, value_from};
pub use exact_json::{ExactJson, comparable_value, has_long_number, long_number};
pub use fingerprint::forget_init;
pub use former_names::FormerNames;
pub use installed::EngineUnavailable;
pub use lineage::{RecordedState, moved_address, recorded_state};
pub use local_check::check_local_state;
pub use lockfile::LockfilePolicy;
pub use log::Log;
pub use meeting::{builds_on_state, may_make_workspace};
pub use next_command::GivenFlags;
pub use outputs::{After, KnownOutputs, Output, OutputKind, PlannedOutput, PrintedOutput};
pub use packages::PackageDigest;
pub use plan_file::{PlanFileError, plan_facts};
pub use plan_variables::plan_variables;
pub use program_digest::EngineProgram;
pub use provider_variables::{aws_credentials, bound_variables, recorded_variables};
pub use remote_state::{AT_ONCE, RemoteStates, Stamp, Stamped};
pub use shared_accounts::{shared_account_files, shared_accounts};
pub use stale::stale;
pub use state_file::{StateError, state_addresses};
pub use state_move::{NOT_TOLD, StateMove};
pub use state_outputs::outputs_before;
pub use state_stamp::{LocalIdentity, StateIdentity, state_at};
pub use target::{
    Backend, BackendInForce, CalledModule, GeneratedValues, Neighbours, StackFolder, StateException, Target,
    TypedColors,
};
pub use transient::is_transient;
pub use typed::{Typed, typed};
pub use unit_folders::{DownloadedFor, downloaded_for};
pub use unsaved::{holds_state, is_rescued, unwritable};
pub use upstream::awaits_upstream;
pub use value_place::{ValuePlace, ValuePlaces};
pub use verbs::{evaluates_variables, takes_values, writes_a_file};
pub use version_files::EnginePlace;
