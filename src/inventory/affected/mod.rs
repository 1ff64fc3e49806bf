//! Changes in the git repository since the merge base of HEAD and another branch, committed or not, and the stacks that they
//! affect.

mod base;
mod base_config;
mod changes;
mod computed_paths;
mod deleted_stacks;
mod error;
mod installed_modules;
mod matching;
mod name_search;
mod paths;
mod prefilter;
mod sources;
mod stacks;
mod symlink_resolver;
mod tree;

pub use base::{Base, names};
pub use changes::RepositoryChanges;
pub use error::NoChanges;
pub use stacks::AffectedStacks;
