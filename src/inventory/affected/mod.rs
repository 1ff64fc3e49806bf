//! Changes in the git repository since the merge base of HEAD and another branch, committed or not, and the stacks that they
//! affect.

mod base;
mod base_config;
mod change_matcher;
mod changes;
mod computed_paths;
mod deleted_stacks;
mod error;
mod installed_modules;
mod name_search;
mod path_set;
mod prefilter;
mod sources;
mod stacks;
mod symlink_resolver;
mod tree;

pub use base::{Base, reference_names};
pub use changes::RepositoryChanges;
pub use error::NoChanges;
pub use stacks::AffectedStacks;
