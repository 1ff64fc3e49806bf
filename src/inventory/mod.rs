//! Inventory: instances of environments from environments.toml and the stacks' own files, with their state addresses.

pub mod address;
mod candidates;
pub mod changes;
pub mod discovery;
mod error;
#[cfg(test)]
pub(crate) mod fixture;
mod flag_values;
mod git;
pub mod hcl;
mod index;
pub mod inputs;
mod instance;
mod links;
mod load;
mod modules;
mod needs;
mod probe;
mod remotes;
mod revision;
mod stacks;
pub mod survey;
pub mod units;
mod var_files;
mod working_tree;

pub use error::InventoryError;
pub use flag_values::type_flag_values;
pub use instance::Instance;
pub use links::Links;
pub use load::{instances_without_needs, load};
pub use modules::{Modules, called_modules};
pub use probe::{Probe, SyntaxChecker};
pub use revision::revision;
pub use stacks::Inventory;
pub use var_files::{VarFilePath, VarFiles, var_file_paths};
pub use working_tree::{NoWorkingTree, Places, RemoteHead, WorkingTree};
