//! What is known before anything runs: configuration, isolation, values, lockfiles, as data for `check` and `plan`.
//!
//! Nothing here starts a program or asks the network.

mod check_item;
mod configuration;
mod inputs;
mod lockfiles;
mod missing_folders;
mod offline;
mod sensitive;
mod survey;
mod syntax;
mod unknown_variables;
mod unsupported;
mod values;

pub use check_item::{CheckItem, CheckName, CheckStatus};
pub use offline::{Offline, ValueErrors, check_offline};
pub use survey::Survey;
