//! Changes of a plan of one stack, without values.

use std::{fmt, ops::AddAssign};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Action, ResourceAddress};

/// Change of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceChange {
    /// Address in the state.
    pub address: ResourceAddress,
    /// Action on the resource.
    pub action: Action,
    /// Address before a move; absent when the resource is not moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous_address: Option<ResourceAddress>,
    /// True if an existing object is imported into the state.
    #[serde(default)]
    pub importing: bool,
    /// Key of a deposed object; absent when the change is about the current object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deposed: Option<String>,
    /// Paths of the attributes that change, sorted; never values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<String>,
}

impl ResourceChange {
    /// Creates a change with an action only.
    pub fn new(address: ResourceAddress, action: Action) -> Self {
        Self {
            address,
            action,
            previous_address: None,
            importing: false,
            deposed: None,
            attributes: Vec::new(),
        }
    }

    /// Returns true if an apply would change something: an action, a move, or an import.
    pub fn is_change(&self) -> bool {
        !matches!(self.action, Action::NoOp | Action::Read)
            || self.previous_address.is_some()
            || self.importing
    }
}

/// Change of one output value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputChange {
    /// Name of the output.
    pub name: String,
    /// Action on the output value.
    pub action: Action,
}

/// Resource and event that trigger an action of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionTrigger {
    /// Resource whose change triggers the action.
    #[schemars(with = "String")]
    pub resource: ResourceAddress,
    /// Event of the resource's lifecycle that triggers the action, as the engine names it.
    pub event: String,
}

/// Invocation of an action of a provider by an apply; changes something that is in no state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ActionInvocation {
    /// Address of the action: `action.TYPE.NAME`, in a module behind the module's address.
    #[schemars(with = "String")]
    pub address: ResourceAddress,
    /// Trigger of the action; absent when the user named the action by its address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<ActionTrigger>,
}

impl fmt::Display for ActionInvocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.address.as_str())?;
        match &self.trigger {
            Some(ActionTrigger { resource, event }) => write!(f, " ({event} of {resource})"),
            None => Ok(()),
        }
    }
}

/// All changes of a plan of one stack.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Changes {
    /// Resources that change, sorted by address.
    pub resources: Vec<ResourceChange>,
    /// Outputs that change, sorted by name.
    pub outputs: Vec<OutputChange>,
    /// Actions of providers that an apply would invoke, in the engine's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionInvocation>,
}

/// Number of changes of each kind: the columns of the review.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeCounts {
    /// Created objects.
    pub create: u64,
    /// Updates in place.
    pub update: u64,
    /// Replacements: deletion and creation.
    pub replace: u64,
    /// Deletions, and actions that envctl does not know.
    pub delete: u64,
    /// Resources that leave the state while their objects stay.
    pub forget: u64,
    /// Existing objects imported into the state.
    pub import: u64,
    /// Resources moved to another address.
    #[serde(rename = "move")]
    pub moved: u64,
    /// Output values that change.
    pub outputs: u64,
    /// Invoked actions of providers.
    #[serde(default)]
    pub actions: u64,
}

impl Changes {
    /// Returns true if an apply would change nothing.
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && self.outputs.is_empty() && self.actions.is_empty()
    }

    /// Counts the changes of each kind. A resource that is moved and updated counts in both columns.
    pub fn counts(&self) -> ChangeCounts {
        let mut counts = ChangeCounts {
            outputs: self.outputs.len() as u64,
            actions: self.actions.len() as u64,
            ..ChangeCounts::default()
        };
        for change in &self.resources {
            match change.action {
                Action::NoOp | Action::Read => {}
                Action::Create => counts.create += 1,
                Action::Update => counts.update += 1,
                Action::Replace(_) => counts.replace += 1,
                Action::Delete | Action::Unknown => counts.delete += 1,
                Action::Forget => counts.forget += 1,
                Action::ForgetAndCreate => {
                    counts.forget += 1;
                    counts.create += 1;
                }
            }
            counts.import += u64::from(change.importing);
            counts.moved += u64::from(change.previous_address.is_some());
        }
        counts
    }
}

impl ChangeCounts {
    /// Returns the number of changed resources, all kinds added up; outputs and actions do not count.
    pub fn resources(&self) -> u64 {
        self.create + self.update + self.replace + self.delete + self.forget + self.import + self.moved
    }

    /// Returns the number of objects that would be deleted, replaced or forgotten.
    pub fn destructive(&self) -> u64 {
        self.delete + self.replace + self.forget
    }

    /// Returns true if every column is zero.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl AddAssign for ChangeCounts {
    fn add_assign(&mut self, other: Self) {
        self.create += other.create;
        self.update += other.update;
        self.replace += other.replace;
        self.delete += other.delete;
        self.forget += other.forget;
        self.import += other.import;
        self.moved += other.moved;
        self.outputs += other.outputs;
        self.actions += other.actions;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moved_and_updated_resource_counts_in_both_columns() {
        let mut change = ResourceChange::new("a.b".parse().unwrap(), Action::Update);
        change.previous_address = Some("a.c".parse().unwrap());
        let counts = Changes { resources: vec![change], ..Changes::default() }.counts();
        assert_eq!((counts.update, counts.moved), (1, 1));
    }

    #[test]
    fn a_forget_and_create_is_destructive() {
        let change = ResourceChange::new("a.b".parse().unwrap(), Action::ForgetAndCreate);
        assert_eq!(Changes { resources: vec![change], ..Changes::default() }.counts().destructive(), 1);
    }
}
