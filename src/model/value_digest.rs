//! Values that a plan would set, as digests: a later plan can be compared with them, and no value can be read from them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{ActionInvocation, ResourceChange};

/// Digest of the planned value of a resource's attribute or of an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueDigest {
    /// Value that is known only after the apply.
    Unknown,
    /// Null.
    Null,
    /// Digest of a value that is compared as a whole.
    Digest(String),
    /// List, element by element.
    List(Vec<ValueDigest>),
    /// All members of a map or an object.
    Map(BTreeMap<String, ValueDigest>),
    /// Changed members of a map or an object; the other members stay as they are.
    Part(BTreeMap<String, ValueDigest>),
}

impl ValueDigest {
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

    /// Returns true if a part of the value is known only after the apply.
    pub fn has_unknown(&self) -> bool {
        match self {
            Self::Unknown => true,
            Self::Null | Self::Digest(_) => false,
            Self::List(items) => items.iter().any(Self::has_unknown),
            Self::Map(members) | Self::Part(members) => members.values().any(Self::has_unknown),
        }
    }
}

/// Digests of the planned values of one plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlannedDigests {
    /// Values of resources, by address (and key of a deposed object).
    resources: BTreeMap<String, ValueDigest>,
    /// Values of outputs, by name.
    outputs: BTreeMap<String, ValueDigest>,
    /// Configurations of actions, by action and trigger.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    actions: BTreeMap<String, ValueDigest>,
}

impl PlannedDigests {
    /// Adds the digest of a resource's values.
    pub fn add_resource(&mut self, change: &ResourceChange, digest: ValueDigest) {
        self.resources.insert(object_name(change), digest);
    }

    /// Adds the digest of an output's value.
    pub fn add_output(&mut self, output: &str, digest: ValueDigest) {
        self.outputs.insert(output.to_owned(), digest);
    }

    /// Adds the digest of an action's configuration.
    pub fn add_action(&mut self, action: &ActionInvocation, digest: ValueDigest) {
        self.actions.insert(action.to_string(), digest);
    }

    /// Returns the digest of an action's configuration.
    pub fn action(&self, action: &ActionInvocation) -> Option<&ValueDigest> {
        self.actions.get(&action.to_string())
    }

    /// Returns the digest of a resource's values.
    pub fn resource(&self, change: &ResourceChange) -> Option<&ValueDigest> {
        self.resources.get(&object_name(change))
    }

    /// Returns the digest of an output's value.
    pub fn output(&self, output: &str) -> Option<&ValueDigest> {
        self.outputs.get(output)
    }

    /// Returns a copy with the names of map members and the digests replaced.
    #[must_use]
    pub fn map(&self, name: &impl Fn(&str) -> String, digest: &impl Fn(&str) -> String) -> Self {
        let all = |values: &BTreeMap<String, ValueDigest>| {
            values.iter().map(|(of, known)| (of.clone(), known.map(name, digest))).collect()
        };
        Self { resources: all(&self.resources), outputs: all(&self.outputs), actions: all(&self.actions) }
    }
}

/// Returns the name of an object in the maps: its address, and the deposed key if it has one.
fn object_name(change: &ResourceChange) -> String {
    match &change.deposed {
        None => change.address.to_string(),
        Some(key) => format!("{} deposed {key}", change.address),
    }
}
