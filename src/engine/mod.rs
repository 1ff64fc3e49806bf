//! The only place that knows an engine's flags, its files and what its output means.
//!
//! Nothing above matches on an engine's name: it asks the [`Engine`].

mod applying;
mod arguments;
mod attributes;
mod backend_check;
mod backend_record;
mod bound_content;
mod call;
mod claims;
mod contract;
mod data_dir;
pub mod detect;
mod document;
mod driver;
mod ending;
mod engines;
mod environment;
mod failure;
mod fingerprint;
mod first_apply;
mod flags;
mod folder_lock;
mod footing;
#[cfg(test)]
mod hostile;
mod init;
mod install;
mod installed;
mod known;
pub mod layout;
mod lineage;
mod local_state;
mod lock_info;
mod log;
mod meeting;
mod migrating;
mod module_manifest;
mod mutating;
mod outputs;
mod packages;
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
mod state_outputs;
mod state_stamp;
pub mod stream_json;
mod surroundings;
mod target;
mod terraform;
mod terragrunt;
mod to_type;
mod transient;
mod typed;
mod unit_backend;
mod unit_folders;
mod unit_init;
mod unit_values;
pub mod units;
mod unsaved;
mod upstream;
mod verbs;

pub use bound_content::BoundContent;
pub use contract::{
    Applied, Engine, EngineError, Footing, PlanFacts, PlanMode, PlanRequest, Planned, Progress, Session,
    WorkspaceStatus,
};
pub use engines::Engines;
pub use environment::{clean_environment, value_from};
pub use fingerprint::forget_init;
pub use footing::{MODULES, installed_modules};
pub use installed::EngineUnavailable;
pub use lineage::moved_address;
pub use log::Log;
pub use meeting::{builds_on_state, may_make_workspace};
pub use migrating::StateMove;
pub use outputs::{After, KnownOutputs, Output, OutputKind, PlannedOutput};
pub use packages::PackageDigest;
pub use plan_file::{PlanFileError, plan_facts};
pub use plan_variables::plan_variables;
pub use program_digest::EngineProgram;
pub use provider_variables::{aws_credentials, bound_variables, recorded_variables};
pub use remote_state::{AT_ONCE, RemoteStates, Stamp, Stamped};
pub use shared_accounts::{shared_account_files, shared_accounts};
pub use stale::stale;
pub use state_file::{StateError, state_addresses};
pub use state_outputs::outputs_before;
pub use state_stamp::{LocalIdentity, StateIdentity, state_at};
pub use surroundings::{cli_configs, replaced_providers};
pub use target::{Backend, BackendInForce, CalledModule, Neighbours, StackFolder, Target};
pub use transient::is_transient;
pub use typed::{Typed, typed};
pub use unsaved::{holds_state, is_rescued, unwritable};
pub use upstream::awaits_upstream;
pub use verbs::{evaluates_variables, takes_values, writes_a_file};
