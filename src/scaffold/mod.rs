//! Search of a repository without environments.toml for its stacks and environments, from which `envctl init` writes a
//! first environments.toml.
//!
//! Only files are read: names of folders, HCL, var files, scripts. What would be dangerous if guessed wrong (secrets,
//! keys of states that no file sets) is written as a marked proposal.

mod environment_names;
mod environments;
mod findings;
mod incomplete_backends;
mod links;
mod names;
mod notes;
mod path_position;
mod project;
mod repository;
mod roots;
#[cfg(test)]
mod sample;
mod scripts;
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
