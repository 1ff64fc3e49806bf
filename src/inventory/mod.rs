//! Inventory: instances of environments from environments.toml and the stacks' own files, with their state addresses.

pub mod address;
pub mod affected;
mod backend_files;
mod candidates;
pub mod discovery;
mod error;
#[cfg(test)]
pub(crate) mod fixture;
mod flag_values;
mod instance;
mod links;
mod load;
mod modules;
mod needs;
pub mod plan_inputs;
mod probe;
pub mod stack_files;
mod stacks;
pub mod units;
mod var_files;

pub use backend_files::{BackendFileSettings, backend_file_paths, read_backend_files};
pub use error::InventoryError;
pub use flag_values::type_flag_values;
pub use instance::Instance;
pub use links::Links;
pub use load::{instances_without_needs, load};
pub use modules::{Modules, called_modules};
pub use probe::{Probe, SyntaxChecker};

pub use stacks::Inventory;
pub use var_files::{VarFilePath, VarFiles, var_file_paths};
