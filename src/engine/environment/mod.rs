//! Environment of engine processes: variables, accounts of providers, and CLI configuration files.

pub(super) mod cli_settings;
mod provider_variables;
mod shared_accounts;
pub(super) mod variables;

pub use cli_settings::{cli_configs, replaced_providers};
pub use provider_variables::{aws_credentials, bound_variables, recorded_variables};
pub use shared_accounts::{shared_account_files, shared_accounts};
pub use variables::{clean_environment, value_from};
