//! What is known of values before they are applied: digests of them, never a value.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ActionInvocation, ResourceChange};

/// A value as a plan knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Known {
    /// It will be known after the apply.
    Unknown,
    /// There is none.
    Null,
    /// The digest of one that is compared as a whole.
    Digest(String),
    /// A list, element by element.
    List(Vec<Known>),
    /// All of a map or an object.
    Map(BTreeMap<String, Known>),
    /// What changes of a map or an object; the rest stays as it is.
    Part(BTreeMap<String, Known>),
}

impl Known {
    fn map(&self, name: &impl Fn(&str) -> String, digest: &impl Fn(&str) -> String) -> Self {
        let all = |members: &BTreeMap<String, Self>| {
            members.iter().map(|(of, known)| (name(of), known.map(name, digest))).collect()
        };
        match self {
            Self::Unknown => Self::Unknown,
            Self::Null => Self::Null,
            Self::Digest(text) => Self::Digest(digest(text)),
            Self::List(items) => Self::List(items.iter().map(|item| item.map(name, digest)).collect()),
            Self::Map(members) => Self::Map(all(members)),
            Self::Part(members) => Self::Part(all(members)),
        }
    }

    /// Whether any of it will be known after the apply only.
    pub fn has_unknown(&self) -> bool {
        match self {
            Self::Unknown => true,
            Self::Null | Self::Digest(_) => false,
            Self::List(items) => items.iter().any(Self::has_unknown),
            Self::Map(members) | Self::Part(members) => members.values().any(Self::has_unknown),
        }
    }
}

/// What one plan knows of the values that it would set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownValues {
    /// Those of resources.
    resources: BTreeMap<String, Known>,
    /// Those of outputs, by name.
    outputs: BTreeMap<String, Known>,
    /// Configurations of actions, by action and trigger.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    actions: BTreeMap<String, Known>,
}

impl KnownValues {
    /// Takes in those of a resource.
    pub fn of_resource(&mut self, change: &ResourceChange, known: Known) {
        self.resources.insert(name(change), known);
    }

    /// Takes in that of an output.
    pub fn of_output(&mut self, output: &str, known: Known) {
        self.outputs.insert(output.to_owned(), known);
    }

    /// Takes in the configuration of an action.
    pub fn of_action(&mut self, action: &ActionInvocation, known: Known) {
        self.actions.insert(action.to_string(), known);
    }

    /// Returns the configuration of an action.
    pub fn action(&self, action: &ActionInvocation) -> Option<&Known> {
        self.actions.get(&action.to_string())
    }

    /// Those of a resource.
    pub fn resource(&self, change: &ResourceChange) -> Option<&Known> {
        self.resources.get(&name(change))
    }

    /// That of an output.
    pub fn output(&self, output: &str) -> Option<&Known> {
        self.outputs.get(output)
    }

    /// The same, with other names of members of maps, and with other digests.
    #[must_use]
    pub fn map(&self, name: &impl Fn(&str) -> String, digest: &impl Fn(&str) -> String) -> Self {
        let all = |values: &BTreeMap<String, Known>| {
            values.iter().map(|(of, known)| (of.clone(), known.map(name, digest))).collect()
        };
        Self { resources: all(&self.resources), outputs: all(&self.outputs), actions: all(&self.actions) }
    }
}

/// An object of the state: its address, and the key of a deposed one.
fn name(change: &ResourceChange) -> String {
    match &change.deposed {
        None => change.address.to_string(),
        Some(key) => format!("{} deposed {key}", change.address),
    }
}
