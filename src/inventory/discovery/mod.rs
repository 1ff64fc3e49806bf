//! Discovery of stacks: folders that match a pattern and hold a stack's files.

mod walk;

pub use walk::{DiscoveredFolders, DiscoveredStack, WalkError, find_stacks};
