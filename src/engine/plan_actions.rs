//! Actions of providers and deferred changes in `show -json` of a plan.
//!
//! Source: `internal/command/jsonplan` of Terraform 1.14 (`action_invocations`, `deferred_changes`, `deferred_action_invocations`).

use serde::Deserialize;
use serde_json::Value;

use super::{attributes::Place, known as values};
use crate::{
    model::{Action, ActionInvocation, ActionTrigger, InvalidName, Known},
    ui::visible,
};

/// Change of a resource that the engine put off.
#[derive(Deserialize)]
pub(super) struct RawDeferredChange {
    #[serde(default)]
    reason: String,
    resource_change: RawAddress,
}

/// Invocation of an action that the engine put off.
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
pub(super) struct RawInvocation {
    address: String,
    #[serde(default)]
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

impl RawInvocation {
    /// Returns the action with what is known of its configuration.
    pub(super) fn into_action(self) -> Result<(ActionInvocation, Option<Known>), InvalidName> {
        let place = Place {
            before: &Value::Null,
            after: &self.config_values,
            unknown: &self.config_unknown,
            before_sensitive: &Value::Null,
            after_sensitive: &self.config_sensitive,
        };
        let values = values::known(Action::Create, place);
        let trigger = match self.lifecycle_action_trigger {
            Some(RawTrigger { triggering_resource_address, action_trigger_event }) => Some(ActionTrigger {
                resource: visible(&triggering_resource_address).parse()?,
                event: visible(&action_trigger_event).into_owned(),
            }),
            None => None,
        };
        Ok((ActionInvocation { address: visible(&self.address).parse()?, trigger }, values))
    }
}

/// Returns the addresses of what the engine put off for a later plan, each with the engine's reason.
pub(super) fn deferred(changes: Vec<RawDeferredChange>, actions: Vec<RawDeferredAction>) -> Vec<String> {
    let changes = changes.into_iter().map(|change| (change.resource_change, change.reason));
    let actions = actions.into_iter().map(|action| (action.action_invocation, action.reason));
    let shown = |(of, reason): (RawAddress, String)| {
        let (address, reason) = (visible(&of.address), visible(&reason));
        if reason.is_empty() { format!("`{address}`") } else { format!("`{address}` ({reason})") }
    };
    changes.chain(actions).map(shown).collect()
}
