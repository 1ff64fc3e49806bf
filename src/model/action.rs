//! Action of a plan on one resource.

use serde::{Deserialize, Serialize};

/// Order of the two steps of a replacement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplaceOrder {
    /// Deletion first: `["delete","create"]`.
    DeleteFirst,
    /// Creation first: `["create","delete"]`.
    CreateFirst,
}

/// Action of a plan on one resource: the list `actions` of the engines' plan JSON as one value.
///
/// Source: <https://developer.hashicorp.com/terraform/internals/json-format#change-representation>, with the `forget`
/// combinations of OpenTofu 1.12 and Terraform 1.11.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// No action; the change may still be a move or an import.
    NoOp,
    /// Read of a data source during apply.
    Read,
    /// Creation of a new object.
    Create,
    /// Update in place.
    Update,
    /// Deletion of the object and creation of a new one.
    Replace(ReplaceOrder),
    /// Deletion of the object.
    Delete,
    /// Removal of the object from the state; the object itself stays and is no longer managed.
    Forget,
    /// Removal of the object from the state and creation of a new one.
    ForgetAndCreate,
    /// Combination that envctl does not know; counts as destructive.
    Unknown,
}

impl Action {
    /// Converts a list `actions` of plan JSON.
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

    /// Returns the word for the report and the review.
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

    /// Returns true if an object would be deleted, or would leave the state.
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
