//! What is in a repository that has no environments.toml yet, and the first one for it.
//!
//! Only files are read: names of folders, HCL, var files, scripts. Nothing is guessed that would be dangerous to be wrong
//! about: secrets, and keys of states that nothing tells, are proposed and said to be.

mod env_word;
mod environments;
mod evidence;
mod findings;
mod links;
mod names;
mod notes;
mod partial;
mod place;
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
mod uses;
mod var_files;
mod variables;

pub use repository::Survey;
pub use tree::SurveyError;
