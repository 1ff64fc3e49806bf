//! Why a stack is in a selection.

use std::fmt;

use super::Change;
use crate::model::StackId;

/// One reason for which a stack was selected; as text what `list --why` and the report say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Nothing was asked for, so everything is in.
    All,
    /// By its name.
    Named,
    /// By a glob.
    Glob(String),
    /// By a tag.
    Tag(String),
    /// It is not as it was.
    Changed(Change),
    /// It is needed by a selected stack.
    DependencyOf(StackId),
    /// It needs a selected stack.
    DependentOf(StackId),
}

impl fmt::Display for Why {
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
