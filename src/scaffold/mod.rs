//! Survey of a repository without environments.toml, which `envctl init` writes the first one from.
//!
//! Only files are read: names of folders, HCL, var files, scripts. Guesses that would be dangerous if wrong (secrets,
//! keys of states that no file has) are written as proposals and marked as such.

mod environment_names;
mod environments;
mod evidence;
mod findings;
mod links;
mod names;
mod notes;
mod open_backends;
mod path_position;
mod project;
mod repository;
mod roots;
#[cfg(test)]
mod sample;
mod shell;
mod stack;
mod stacks;
mod toml_text;
mod tree;
mod unit_sources;
mod units;
mod var_files;
mod variables;
mod workspace_usage;

pub use repository::InitDraft;
pub use tree::ScaffoldError;
