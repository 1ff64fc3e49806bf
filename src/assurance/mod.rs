//! Checks of configuration, isolation, values and lockfiles before anything runs, as data for `check` and `plan`.
//!
//! Runs engines only through the [`SyntaxChecker`](crate::inventory::SyntaxChecker) that the caller passes in, and
//! uses no network.

mod backends;
mod check_item;
mod configuration;
mod discovery_usage;
mod finding_groups;
mod inputs;
mod literal_templates;
mod lockfiles;
mod missing_folders;
mod offline;
mod project_files;
mod sensitive;
mod syntax;
mod unknown_variables;
mod unsupported;
mod values;

pub use check_item::{CheckItem, CheckName, CheckStatus};
pub use finding_groups::{InstanceNames, finding_groups};
pub use offline::{OfflineChecks, ValueErrors, check_offline};
pub use project_files::ProjectFiles;
