//! Discovery of stacks: folders that match a pattern and hold a stack's files.

mod pattern;
mod walk;

pub use pattern::{InvalidPattern, PathPattern};
pub use walk::{FoundStack, WalkError, find_stacks};
