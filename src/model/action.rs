//! What a plan would do to one resource.

use serde::{Deserialize, Serialize};

/// Which half of a replacement comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplaceOrder {
    /// `["delete","create"]`
    DeleteFirst,
    /// `["create","delete"]`
    CreateFirst,
}

/// What a plan would do to one resource: the `actions` of the engines' plan JSON as one word.
///
/// Source: <https://developer.hashicorp.com/terraform/internals/json-format#change-representation>, with the `forget`
/// combinations of OpenTofu 1.12 and Terraform 1.11.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Nothing, apart from a move or an import beside it.
    NoOp,
    /// A data source is read during apply.
    Read,
    /// A new object.
    Create,
    /// A change in place.
    Update,
    /// The object is deleted and made anew.
    Replace(ReplaceOrder),
    /// The object is deleted.
    Delete,
    /// The object leaves the state and lives on unmanaged.
    Forget,
    /// The object leaves the state and another is made in its place.
    ForgetAndCreate,
    /// A combination that envctl does not know; counts as destructive.
    Unknown,
}

impl Action {
    /// The action that a list of `actions` in plan JSON means.
    pub fn from_list(actions: &[impl AsRef<str>]) -> Self {
        let words: Vec<&str> = actions.iter().map(AsRef::as_ref).collect();
        match words.as_slice() {
            ["no-op"] => Self::NoOp,
            ["read"] => Self::Read,
            ["create"] => Self::Create,
            ["update"] => Self::Update,
            ["delete", "create"] => Self::Replace(ReplaceOrder::DeleteFirst),
            ["create", "delete"] => Self::Replace(ReplaceOrder::CreateFirst),
            ["delete"] => Self::Delete,
            ["forget"] => Self::Forget,
            ["forget", "create"] | ["create", "forget"] => Self::ForgetAndCreate,
            _ => Self::Unknown,
        }
    }

    /// The word of the report and of the review.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoOp => "no-op",
            Self::Read => "read",
            Self::Create => "create",
            Self::Update => "update",
            Self::Replace(_) => "replace",
            Self::Delete => "delete",
            Self::Forget => "forget",
            Self::ForgetAndCreate => "forget-and-create",
            Self::Unknown => "unknown",
        }
    }

    /// Whether an object would be lost to the state or to the world.
    pub fn is_destructive(self) -> bool {
        match self {
            Self::Replace(_) | Self::Delete | Self::Forget | Self::ForgetAndCreate | Self::Unknown => true,
            Self::NoOp | Self::Read | Self::Create | Self::Update => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_combination_nobody_knows_counts_as_destructive() {
        assert!(Action::from_list(&["update", "forget"]).is_destructive());
        assert!(Action::from_list(&[""; 0]).is_destructive());
        assert!(!Action::from_list(&["update"]).is_destructive());
    }
}
