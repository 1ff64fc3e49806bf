//! State of a git repository: revision, remotes, working tree, and differences to a commit. Knows no stacks.

mod clean_paths;
pub(crate) mod command;
mod index;
pub(crate) mod listing;
pub(crate) mod queries;
mod remotes;
pub(crate) mod revision;
pub(crate) mod submodules;
mod working_tree;

pub use clean_paths::CleanPaths;
pub use remotes::RemoteHead;
pub use revision::revision;
pub use working_tree::{NoWorkingTree, WorkingTree};
