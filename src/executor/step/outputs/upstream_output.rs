//! Outputs of an upstream stack: their values now, and after its plan is applied.

use std::sync::Arc;

use serde_json::Value;

use crate::{
    config::OutputPath,
    engine::{Output, PlannedOutput, PlannedValue},
};

/// Effect of a plan on the outputs of its stack.
#[derive(Debug)]
pub(in crate::executor) struct PlannedOutputs {
    /// Outputs that the plan changes.
    pub(in crate::executor) outputs: Vec<PlannedOutput>,
    /// True if the plan uses mocks, so that none of these values is final.
    pub(in crate::executor) tentative: bool,
}

/// Status of an upstream stack's outputs in a run: whether they may still change.
#[derive(Debug, Clone)]
pub(in crate::executor) enum OutputStatus {
    /// The stack has a plan that is not applied yet; holds the planned outputs, if they are known.
    Pending(Option<Arc<PlannedOutputs>>),
    /// The stack has been applied, or nothing in this run will change its outputs.
    Final,
    /// The run does not apply the stack: it is not part of the run, or the run destroys.
    NotAppliedHere {
        /// True if the stack has a state.
        has_state: bool,
    },
}

impl OutputStatus {
    /// Returns the planned change of an output by a plan that is not applied yet.
    pub(in crate::executor) fn planned(&self, name: &str) -> Option<&PlannedOutput> {
        let Self::Pending(Some(plan)) = self else { return None };
        plan.outputs.iter().find(|output| output.name == name)
    }

    /// Returns this status with every planned value marked as unknown.
    pub(super) fn into_unknown(self) -> Self {
        let Self::Pending(Some(plan)) = &self else { return self };
        let into_unknown = |output: &PlannedOutput| PlannedOutput {
            after: if output.after == PlannedValue::Gone {
                PlannedValue::Gone
            } else {
                PlannedValue::Unknown
            },
            ..output.clone()
        };
        let outputs = plan.outputs.iter().map(into_unknown).collect();
        Self::Pending(Some(Arc::new(PlannedOutputs { outputs, tentative: plan.tentative })))
    }
}

/// Value of an output that a plan can use.
#[derive(Debug, PartialEq)]
pub(super) struct AvailableOutput<'o> {
    /// Value of the output.
    pub(in crate::executor) value: &'o Value,
    /// True if the output is marked sensitive.
    pub(in crate::executor) sensitive: bool,
    /// True if the value comes from a plan that is not applied yet.
    pub(in crate::executor::step) is_planned: bool,
    /// Reason why the value may change in this run; `None` if it is final.
    pub(super) uncertain: Option<&'static str>,
}

/// Reason why an output has no value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unavailable {
    /// The output may get a value when its stack is applied.
    UntilApply(String),
    /// The output does not exist and is not planned.
    Permanent(String),
}

/// Returns true if an output is marked sensitive, now or in a plan that is not applied yet.
pub(super) fn is_sensitive(from: &OutputPath, current: &[Output], state: &OutputStatus) -> bool {
    let now = current.iter().any(|output| output.name == from.output() && output.sensitive);
    let OutputStatus::Pending(Some(plan)) = state else { return now };
    now || plan.outputs.iter().any(|output| output.name == from.output() && output.sensitive)
}

/// Returns the value of an output, from the outputs in the state and those in a plan.
pub(super) fn available_output<'o>(
    from: &OutputPath,
    current: &'o [Output],
    state: &'o OutputStatus,
) -> Result<AvailableOutput<'o>, Unavailable> {
    let now = current.iter().find(|output| output.name == from.output());
    let present = |output: &'o Output, uncertain| {
        let value = from.select(&output.value);
        value.map(|value| AvailableOutput {
            value,
            sensitive: output.sensitive,
            is_planned: false,
            uncertain,
        })
    };
    let none = || format!("`{}` has no output `{}`", from.stack, from.output());
    let OutputStatus::Pending(Some(plan)) = state else {
        let seen = now.map_or_else(|| Err(none()), |output| present(output, None));
        let may_come = matches!(state, OutputStatus::Pending(None));
        return seen.map_err(if may_come { Unavailable::UntilApply } else { Unavailable::Permanent });
    };
    // An output that is missing in a plan on mocks may be in the plan after it.
    let lasting = if plan.tentative { Unavailable::UntilApply } else { Unavailable::Permanent };
    let uncertain = plan.tentative.then_some("rests on mocks");
    let planned = plan.outputs.iter().find(|output| output.name == from.output());
    match (planned.map(|output| (&output.after, output.sensitive)), now) {
        (Some((PlannedValue::Gone, _)), _) => Err(lasting(format!("{} once its plan is applied", none()))),
        (Some((PlannedValue::Known(value), _)), None) if from.select(value).is_err() => {
            Err(lasting(from.select(value).err().unwrap_or_default()))
        }
        // A data source that looks up the new resource by its name would not find it yet.
        (Some(_), None) => Err(Unavailable::UntilApply(format!("{} yet", none()))),
        (Some((PlannedValue::Known(value), sensitive)), Some(_)) => {
            let value = from.select(value).map_err(lasting)?;
            Ok(AvailableOutput { value, sensitive, is_planned: true, uncertain })
        }
        (Some((PlannedValue::Unknown, _)), Some(output)) => {
            present(output, Some("will change")).map_err(Unavailable::UntilApply)
        }
        (None, Some(output)) => present(output, uncertain).map_err(lasting),
        (None, None) => Err(lasting(none())),
    }
}
