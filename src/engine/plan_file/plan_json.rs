//! Exact changes of a plan, from `show -json`.
//!
//! Source: <https://developer.hashicorp.com/terraform/internals/json-format#plan-representation>. Values are held for one
//! resource at a time; only the names of changed attributes and digests of their new values are kept.

use std::fmt;

use indexmap::IndexMap;
use serde::{
    Deserialize, Deserializer,
    de::{SeqAccess, Visitor},
};
use serde_json::Value;

use super::{
    attributes::{AttributeChange, changed, has_unknown},
    exact_json::{comparable, has_long_number},
    plan_actions::{RawActionInvocation, RawDeferredAction, RawDeferredChange, deferred_texts},
    value_digests as values,
};
use crate::{
    engine::{
        PlanMode, PlannedOutput, PlannedValue,
        process::document::{Dialect, document},
    },
    model::{Action, Changes, OutputChange, PlannedDigests, ResourceAddress, ResourceChange, ValueDigest},
    ui::visible,
};

/// Content of `show -json` of a plan.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::engine) struct PlanJson {
    /// Changes that an apply would make.
    pub(in crate::engine) changes: Changes,
    /// Digests of the known planned values.
    pub(in crate::engine) planned_digests: PlannedDigests,
    /// Outputs that change, with their planned values.
    pub(in crate::engine) outputs: Vec<PlannedOutput>,
    /// Configuration of each action that an apply would invoke, as text for the review.
    pub(in crate::engine) configurations: Vec<String>,
    /// Changes and actions that the engine deferred to a later plan, each with the engine's reason.
    pub(in crate::engine) deferred: Vec<String>,
    /// False if a later plan has to follow, as after a narrowed one; `None` if the engine does not report it.
    pub(in crate::engine) complete: Option<bool>,
    /// True if an apply changes something; `None` if the engine does not report it.
    pub(in crate::engine) applyable: Option<bool>,
    /// True if planning ended with errors.
    pub(in crate::engine) errored: bool,
}

#[derive(Deserialize)]
struct RawPlanJson {
    format_version: String,
    #[serde(default)]
    resource_changes: Resources,
    #[serde(default)]
    resource_drift: Resources,
    #[serde(default)]
    output_changes: IndexMap<String, RawValueChange>,
    #[serde(default)]
    action_invocations: Vec<RawActionInvocation>,
    #[serde(default)]
    deferred_changes: Vec<RawDeferredChange>,
    #[serde(default)]
    deferred_action_invocations: Vec<RawDeferredAction>,
    #[serde(default)]
    complete: Option<bool>,
    #[serde(default)]
    applyable: Option<bool>,
    #[serde(default)]
    errored: bool,
}

/// Parses the output of `show -json PLAN`. A refresh-only plan also changes the resources in `resource_drift`.
pub(in crate::engine) fn parse(
    text: &[u8],
    dialect: Dialect,
    mode: PlanMode,
) -> Result<PlanJson, serde_json::Error> {
    let raw: RawPlanJson = document(text, dialect)?;
    if !raw.format_version.starts_with("1.") && !raw.format_version.starts_with("0.") {
        let message = format!("its format is {}, not 1", raw.format_version);
        return Err(serde::de::Error::custom(message));
    }
    let mut found = raw.resource_changes.0;
    if mode == PlanMode::RefreshOnly {
        found.extend(raw.resource_drift.0);
    }
    found.sort_by(|(a, _), (b, _)| (&a.address, &a.deposed).cmp(&(&b.address, &b.deposed)));
    let mut planned_digests = PlannedDigests::default();
    let mut changes = Changes::default();
    let mut outputs = Vec::new();
    for (change, values) in found {
        if let Some(values) = values {
            planned_digests.add_resource(&change, values);
        }
        changes.resources.push(change);
    }
    for (name, output) in raw.output_changes {
        let action = Action::from_list(&output.actions);
        if let Some(value) = values::known_values_digest(action, output.attributes()) {
            planned_digests.add_output(&name, value);
        }
        if action != Action::NoOp {
            outputs.push(output.into_planned(&name, action));
            changes.outputs.push(OutputChange { name, action });
        }
    }
    changes.outputs.sort_by(|a, b| a.name.cmp(&b.name));
    let mut configurations = Vec::new();
    for invocation in raw.action_invocations {
        configurations.extend(invocation.configuration().map_err(serde::de::Error::custom)?);
        let (action, values) = invocation.into_action().map_err(serde::de::Error::custom)?;
        if let Some(values) = values {
            planned_digests.add_action(&action, values);
        }
        changes.actions.push(action);
    }
    let deferred = deferred_texts(raw.deferred_changes, raw.deferred_action_invocations);
    let RawPlanJson { complete, applyable, errored, .. } = raw;
    Ok(PlanJson { changes, planned_digests, outputs, configurations, deferred, complete, applyable, errored })
}

/// Changed resources with the digests of their known values; unchanged ones are dropped as they are parsed.
#[derive(Default)]
struct Resources(Vec<(ResourceChange, Option<ValueDigest>)>);

impl<'de> Deserialize<'de> for Resources {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;

        impl<'de> Visitor<'de> for Each {
            type Value = Resources;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of resource changes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Resources, A::Error> {
                let mut kept = Vec::new();
                while let Some(raw) = list.next_element::<RawResourceChange>()? {
                    kept.extend(raw.into_change().map_err(serde::de::Error::custom)?);
                }
                Ok(Resources(kept))
            }

            fn visit_unit<E>(self) -> Result<Resources, E> {
                Ok(Resources::default())
            }
        }

        deserializer.deserialize_any(Each)
    }
}

#[derive(Deserialize)]
struct RawResourceChange {
    address: String,
    #[serde(default)]
    previous_address: Option<String>,
    #[serde(default)]
    deposed: Option<String>,
    change: RawValueChange,
}

#[derive(Deserialize)]
struct RawValueChange {
    actions: Vec<String>,
    #[serde(default, deserialize_with = "comparable")]
    before: Value,
    #[serde(default, deserialize_with = "comparable")]
    after: Value,
    #[serde(default)]
    after_unknown: Value,
    #[serde(default)]
    before_sensitive: Value,
    #[serde(default)]
    after_sensitive: Value,
    #[serde(default)]
    importing: Option<Value>,
}

impl RawValueChange {
    fn attributes(&self) -> AttributeChange<'_> {
        AttributeChange {
            before: &self.before,
            after: &self.after,
            unknown: &self.after_unknown,
            before_sensitive: &self.before_sensitive,
            after_sensitive: &self.after_sensitive,
        }
    }
}

impl RawValueChange {
    fn into_planned(self, name: &str, action: Action) -> PlannedOutput {
        let after = match action {
            Action::Delete | Action::Forget => PlannedValue::Gone,
            _ if has_unknown(&self.after_unknown) => PlannedValue::Unknown,
            // A state holds no output that is null.
            _ if self.after.is_null() => PlannedValue::Gone,
            _ => PlannedValue::Known(self.after),
        };
        let has_all_digits = !matches!(&after, PlannedValue::Known(value) if has_long_number(value));
        PlannedOutput {
            name: name.to_owned(),
            after,
            sensitive: has_unknown(&self.after_sensitive),
            has_all_digits,
        }
    }
}

impl RawResourceChange {
    fn into_change(self) -> Result<Option<(ResourceChange, Option<ValueDigest>)>, crate::model::InvalidName> {
        let action = Action::from_list(&self.change.actions);
        let values = values::known_values_digest(action, self.change.attributes());
        let attributes = match action {
            Action::Update | Action::Replace(_) | Action::Unknown => changed(self.change.attributes()),
            // For a create, a delete or a read all attributes change, or none.
            _ => Vec::new(),
        };
        // Engines write an index key unescaped, apart from quotes and backslashes, so that addresses stay distinct.
        let address: ResourceAddress = visible(&self.address).parse()?;
        let previous_address = self.previous_address.map(|text| visible(&text).parse()).transpose()?;
        let change = ResourceChange {
            previous_address: previous_address.filter(|previous| *previous != address),
            importing: self.change.importing.is_some_and(|importing| !importing.is_null()),
            deposed: self.deposed,
            attributes,
            ..ResourceChange::new(address, action)
        };
        Ok((change.is_change() || action == Action::Read).then_some((change, values)))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Returns the recorded `show -json` of one plan with every kind of change; fields that envctl does not read are left
    /// out.
    fn recorded(engine: &str) -> Vec<u8> {
        let root = env!("CARGO_MANIFEST_DIR");
        fs::read(format!("{root}/fixtures/plan-json/every-change-{engine}.json")).unwrap()
    }

    fn describe(change: &ResourceChange) -> String {
        let mut words = format!("{} {}", change.address, change.action.as_str());
        if let Some(previous) = &change.previous_address {
            words.extend([" from ", previous.as_str()]);
        }
        if change.importing {
            words += " imported";
        }
        for attribute in &change.attributes {
            words.extend([" ", attribute]);
        }
        words
    }

    #[test]
    fn every_kind_of_change_is_read_from_both_engines() {
        for engine in ["tofu", "terraform"] {
            let plan = parse(&recorded(engine), Dialect::Pure, PlanMode::Normal).unwrap();
            let resources: Vec<_> = plan.changes.resources.iter().map(describe).collect();
            assert_eq!(
                resources,
                [
                    "data.terraform_remote_state.later read",
                    "module.m[0].terraform_data.each[\"c\"] delete",
                    "terraform_data.created create",
                    "terraform_data.deleted delete",
                    "terraform_data.first replace id triggers_replace",
                    "terraform_data.forgotten forget",
                    "terraform_data.imported no-op imported",
                    "terraform_data.kept no-op from terraform_data.moved",
                    "terraform_data.replaced replace id triggers_replace",
                    "terraform_data.updated update input.list[1] input.plain input.secret output",
                ]
            );
            let outputs: Vec<_> =
                plan.changes.outputs.iter().map(|o| format!("{} {}", o.name, o.action.as_str())).collect();
            assert_eq!(outputs, ["fresh create", "gone delete", "other update"]);
            assert!(!plan.errored);
        }
    }

    #[test]
    fn no_value_is_kept() {
        for engine in ["tofu", "terraform"] {
            let bytes = recorded(engine);
            assert!(String::from_utf8_lossy(&bytes).contains("SENTINEL"));
            let plan = parse(&bytes, Dialect::Pure, PlanMode::Normal).unwrap();
            assert!(!serde_json::to_string(&plan.changes).unwrap().contains("SENTINEL"));
            assert!(!serde_json::to_string(&plan.planned_digests).unwrap().contains("SENTINEL"));
        }
    }

    #[test]
    fn drift_counts_in_a_refresh_only_plan_alone() {
        let text = br#"{"format_version":"1.2","resource_drift":[{"address":"a.b","change":
            {"actions":["update"],"before":{"x":1},"after":{"x":2}}}]}"#;
        assert!(parse(text, Dialect::Pure, PlanMode::Normal).unwrap().changes.is_empty());
        let drifted = parse(text, Dialect::Pure, PlanMode::RefreshOnly).unwrap().changes;
        assert_eq!(drifted.resources.iter().map(describe).collect::<Vec<_>>(), ["a.b update x"]);
    }

    /// Returns `show -json` as `internal/command/jsonplan` of Terraform 1.14 writes it; fields that envctl does not read are
    /// left out.
    fn documented() -> Vec<u8> {
        let root = env!("CARGO_MANIFEST_DIR");
        fs::read(format!("{root}/fixtures/plan-json/actions-terraform.json")).unwrap()
    }

    #[test]
    fn actions_and_what_is_deferred_are_read() {
        let plan = parse(&documented(), Dialect::Pure, PlanMode::Normal).unwrap();
        let actions: Vec<String> = plan.changes.actions.iter().map(ToString::to_string).collect();
        assert_eq!(
            actions,
            [
                "action.aws_lambda_invoke.warm[\"eu\"] (AfterCreate of terraform_data.app)",
                "module.m.action.local_command.say",
            ]
        );
        assert_eq!(
            plan.deferred,
            [
                "`module.later.terraform_data.each[*]` (instance_count_unknown)",
                "`action.local_command.later` (deferred_prereq)"
            ]
        );
        assert_eq!((plan.complete, plan.applyable), (Some(false), Some(true)));
        assert_eq!(
            plan.configurations,
            [
                "action.aws_lambda_invoke.warm[\"eu\"] (AfterCreate of terraform_data.app)\n    function = \"f\"\n    payload = (sensitive value)",
                "module.m.action.local_command.say\n    command = \"say\"",
            ]
        );
        assert!(plan.planned_digests.action(&plan.changes.actions[0]).is_some());
        assert!(!serde_json::to_string(&plan.planned_digests).unwrap().contains("SENTINEL"));
        assert!(!plan.changes.is_empty() && plan.changes.resources.is_empty());
    }

    #[test]
    fn a_change_beyond_the_digits_of_64_bits_is_a_change() {
        let text = |after: &str| {
            format!(
                r#"{{"format_version":"1.2","resource_changes":[{{"address":"a.b","change":{{"actions":["update"],
                "before":{{"x":0.12345678901234567890,"y":1}},"after":{{"x":{after},"y":1}}}}}}],
                "output_changes":{{"o":{{"actions":["create"],"before":null,"after":[{after}]}}}}}}"#
            )
        };
        let [one, other] = ["0.12345678901234567891", "0.12345678901234567892"]
            .map(|after| parse(text(after).as_bytes(), Dialect::Pure, PlanMode::Normal).unwrap());
        assert_eq!(one.changes.resources.iter().map(describe).collect::<Vec<_>>(), ["a.b update x"]);
        assert_ne!(one.planned_digests, other.planned_digests);
        assert!(!one.outputs[0].has_all_digits);
    }

    #[test]
    fn another_format_is_not_guessed_at() {
        let error = parse(br#"{"format_version":"2.0"}"#, Dialect::Pure, PlanMode::Normal).unwrap_err();
        assert!(error.to_string().contains("its format is 2.0, not 1"), "{error}");
        assert!(parse(b"{}", Dialect::Pure, PlanMode::Normal).is_err());
    }
}
