//! Discovery of stacks: folders that match a pattern and hold a stack's files.

mod pattern;
mod walk;

pub use pattern::{InvalidDiscoveryPattern, PathPattern};
pub use walk::{DiscoveredFolders, DiscoveredStack, WalkError, find_stacks};
