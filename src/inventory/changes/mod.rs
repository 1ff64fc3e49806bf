//! Changes in the git repository since the merge base of HEAD and another branch, committed or not, and the stacks that they
//! affect.

mod asking;
mod base;
mod before;
mod error;
mod gone;
mod guesses;
mod hints;
mod installed;
mod matching;
mod paths;
mod raw;
mod read;
mod skimming;
mod sources;
mod submodules;
mod symlink_resolver;
mod touched;
mod tree;

pub use base::{Base, names};
pub use error::NoChanges;
pub use read::Changes;
pub use touched::Outcome;
