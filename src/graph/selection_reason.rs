//! Reasons for the selection of a stack.

use std::fmt;

use super::Change;
use crate::model::StackId;

/// Reason for the selection of a stack; printed by `list --why` and in the report.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum SelectionReason {
    /// The user named no stack and no tag, so all stacks are selected.
    All,
    /// The user selected the stack by its name.
    Named,
    /// The user selected the stack by this glob.
    Glob(String),
    /// The user selected the stack by this tag.
    Tag(String),
    /// An input of the stack has changed.
    Changed(Change),
    /// This selected stack needs the stack, and the user selected dependencies too.
    DependencyOf(StackId),
    /// The stack needs this selected stack, and the user selected dependents too.
    DependentOf(StackId),
}

impl fmt::Display for SelectionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Named => f.write_str("named"),
            Self::Glob(glob) => write!(f, "glob {glob}"),
            Self::Tag(tag) => write!(f, "tag {tag}"),
            Self::Changed(change) => change.fmt(f),
            Self::DependencyOf(stack) => write!(f, "dependency of {stack}"),
            Self::DependentOf(stack) => write!(f, "dependent of {stack}"),
        }
    }
}
