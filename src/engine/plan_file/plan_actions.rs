//! Actions of providers and deferred changes in `show -json` of a plan.
//!
//! Source: `internal/command/jsonplan` of Terraform 1.14 (`action_invocations`, `deferred_changes`,
//! `deferred_action_invocations`).

use serde::Deserialize;
use serde_json::Value;

use super::{
    attributes::{AttributeChange, is_true},
    exact_json::{comparable, long_number},
    value_digests as values,
};
use crate::{
    model::{Action, ActionInvocation, ActionTrigger, InvalidName, ValueDigest},
    ui::visible,
};

/// Change of a resource that the engine deferred to a later plan.
#[derive(Deserialize)]
pub(super) struct RawDeferredChange {
    #[serde(default)]
    reason: String,
    resource_change: RawAddress,
}

/// Invocation of an action that the engine deferred to a later plan.
#[derive(Deserialize)]
pub(super) struct RawDeferredAction {
    #[serde(default)]
    reason: String,
    action_invocation: RawAddress,
}

#[derive(Deserialize)]
struct RawAddress {
    #[serde(default)]
    address: String,
}

/// Invocation of an action of a provider.
#[derive(Deserialize)]
pub(in crate::engine) struct RawActionInvocation {
    address: String,
    #[serde(default, deserialize_with = "comparable")]
    config_values: Value,
    #[serde(default)]
    config_sensitive: Value,
    #[serde(default)]
    config_unknown: Value,
    #[serde(default)]
    lifecycle_action_trigger: Option<RawTrigger>,
}

#[derive(Deserialize)]
struct RawTrigger {
    #[serde(default)]
    triggering_resource_address: String,
    #[serde(default)]
    action_trigger_event: String,
}

impl RawActionInvocation {
    fn attributes(&self) -> AttributeChange<'_> {
        AttributeChange {
            before: &Value::Null,
            after: &self.config_values,
            unknown: &self.config_unknown,
            before_sensitive: &Value::Null,
            after_sensitive: &self.config_sensitive,
        }
    }

    /// Returns the action that the plan invokes.
    fn action(&self) -> Result<ActionInvocation, InvalidName> {
        let trigger = match &self.lifecycle_action_trigger {
            Some(RawTrigger { triggering_resource_address, action_trigger_event }) => Some(ActionTrigger {
                resource: visible(triggering_resource_address).parse()?,
                event: visible(action_trigger_event).into_owned(),
            }),
            None => None,
        };
        Ok(ActionInvocation { address: visible(&self.address).parse()?, trigger })
    }

    /// Returns the address of the action with its configuration, one line for each argument; `None` without arguments.
    pub(in crate::engine) fn configuration(&self) -> Result<Option<String>, InvalidName> {
        let lines = match self.attributes() {
            change if change.is_masked() || is_true(change.unknown) => vec![value_text(change)],
            change => change
                .members()
                .into_iter()
                .map(|(name, at)| format!("{name} = {}", value_text(at)))
                .collect(),
        };
        let head = self.action()?.to_string();
        Ok((!lines.is_empty()).then(|| format!("{head}\n    {}", lines.join("\n    "))))
    }

    /// Returns the action with the digests of its known configuration.
    pub(super) fn into_action(self) -> Result<(ActionInvocation, Option<ValueDigest>), InvalidName> {
        Ok((self.action()?, values::known_values_digest(Action::Create, self.attributes())))
    }
}

/// Returns a value on one line, with the engines' words for a sensitive value and for one that is not known yet.
fn value_text(change: AttributeChange<'_>) -> String {
    let list = |items: Vec<String>| items.join(", ");
    match change.after {
        _ if change.is_masked() => "(sensitive value)".to_owned(),
        _ if is_true(change.unknown) => "(known after apply)".to_owned(),
        Value::Array(items) => {
            format!("[{}]", list((0..items.len()).map(|at| value_text(change.item(at))).collect()))
        }
        value if value.is_object() || change.unknown.is_object() => {
            let members = change.members().into_iter();
            let members =
                members.map(|(name, at)| format!("{} = {}", Value::from(name.as_str()), value_text(at)));
            format!("{{{}}}", list(members.collect()))
        }
        value => long_number(value).map_or_else(|| value.to_string(), str::to_owned),
    }
}

/// Returns the addresses of deferred changes and actions, each with the engine's reason.
pub(in crate::engine) fn deferred_texts(
    changes: Vec<RawDeferredChange>,
    actions: Vec<RawDeferredAction>,
) -> Vec<String> {
    let changes = changes.into_iter().map(|change| (change.resource_change, change.reason));
    let actions = actions.into_iter().map(|action| (action.action_invocation, action.reason));
    let shown = |(of, reason): (RawAddress, String)| {
        let (address, reason) = (visible(&of.address), visible(&reason));
        if reason.is_empty() { format!("`{address}`") } else { format!("`{address}` ({reason})") }
    };
    changes.chain(actions).map(shown).collect()
}
