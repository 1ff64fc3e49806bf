//! Input values from outputs of other stacks, resolved before each plan of a stack.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use super::{
    passed_values::{with_outputs, with_values},
    upstream_inputs::{MissingValues, UpstreamValues},
    upstream_output::OutputStatus,
};
use crate::{
    engine::{EngineError, Output, PlanMode},
    executor::step::{
        ready_stack::{PlanOptions, ReadyStack},
        retries::with_retries,
        step_context::StepContext,
        step_result::{StepResult, engine_error_result},
    },
    model::{Failure, FailureKind, Outcome, StackId, StackNote},
};

/// Advice for destroying a stack that takes a value which no longer exists.
const VAR_FLAG_ADVICE: &str = "`--var NAME=VALUE` gives a variable the value that it had";

/// Stack with the values that it takes from other stacks.
pub(in crate::executor::step) struct StackWithInputs<'w> {
    pub(in crate::executor::step) ready: Cow<'w, ReadyStack>,
    /// Notes about these values.
    pub(in crate::executor::step) notes: Vec<String>,
    /// True if some values come from plans that are not applied yet.
    pub(in crate::executor::step) uses_planned_values: bool,
}

/// Version of an upstream stack's outputs, if that stack is planned and not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::executor::step) enum OutputVersion {
    /// Outputs after the plan's apply.
    Planned,
    /// Outputs before the plan's apply.
    Current,
}

/// Returns the stack with the values that it takes from other stacks.
pub(in crate::executor::step) fn resolve_inputs<'w>(
    step: &mut StepContext<'_>,
    ready: &'w ReadyStack,
    version: OutputVersion,
) -> Result<StackWithInputs<'w>, Box<StepResult>> {
    if ready.upstream_inputs.is_empty() {
        return Ok(StackWithInputs {
            ready: Cow::Borrowed(ready),
            notes: Vec::new(),
            uses_planned_values: false,
        });
    }
    let mut notes = Vec::new();
    let outputs =
        outputs_of_sources(step, ready, &mut notes, |source| step.upstreams.outputs(source, step.session))?;
    let values =
        match ready.upstream_inputs.values(&outputs, &|source| output_status_of(step, source, version)) {
            Ok(values) => values,
            Err(MissingValues::Permanent(failure)) if step.run.options.mode == PlanMode::Destroy => {
                return Err(Box::new(destroy_without_values(step, failure, ready)));
            }
            Err(MissingValues::Permanent(failure)) => return Err(failed_result(failure)),
            Err(MissingValues::NeedsApply { need, missing }) => {
                let notes = vec![StackNote::Deferred(&missing).to_string()];
                return Err(Box::new(StepResult {
                    notes,
                    ..StepResult::new(Outcome::Deferred { because: need })
                }));
            }
        };
    let resolved = with_values(ready, &values, step.run.runner.redactor()).map_err(failed_result)?;
    notes.extend(values.notes());
    step.stack_run.stack_with_inputs = Some(Arc::new(resolved.clone()));
    Ok(StackWithInputs {
        ready: Cow::Owned(resolved),
        notes,
        uses_planned_values: !values.from_plans.is_empty(),
    })
}

/// Returns the stack with the values right before an apply: the plan is bound to those that it was made with.
pub(in crate::executor::step) fn resolve_current_inputs<'w>(
    step: &StepContext<'_>,
    ready: &'w ReadyStack,
) -> Result<Cow<'w, ReadyStack>, Box<StepResult>> {
    if ready.upstream_inputs.is_empty() {
        return Ok(Cow::Borrowed(ready));
    }
    let read = |source: &StackId| step.upstreams.current_outputs(source, step.session);
    let outputs = outputs_of_sources(step, ready, &mut Vec::new(), read)?;
    let has_state = |source: &StackId| step.upstreams.has_state(source);
    with_outputs(ready, &outputs, &has_state, step.run.runner.redactor())
        .map(Cow::Owned)
        .map_err(failed_result)
}

/// Returns the outputs of all stacks that the inputs refer to.
fn outputs_of_sources(
    step: &StepContext<'_>,
    ready: &ReadyStack,
    notes: &mut Vec<String>,
    read: impl Fn(&StackId) -> Result<Arc<Vec<Output>>, EngineError>,
) -> Result<HashMap<StackId, Arc<Vec<Output>>>, Box<StepResult>> {
    let mut outputs = HashMap::new();
    for source in ready.upstream_inputs.source_stacks() {
        let attempted = with_retries(&step.run.runner, step.session, || read(&source));
        notes.extend(attempted.note);
        let found = attempted.result.map_err(|error| match error {
            EngineError::Failed(Failure { kind, summary, detail, .. }) => {
                let summary = format!("cannot read the outputs of `{source}`: {summary}");
                let failure = Failure::new(kind, summary).with_detail(detail);
                Box::new(engine_error_result(EngineError::Failed(failure), ready))
            }
            error => Box::new(engine_error_result(error, ready)),
        })?;
        outputs.insert(source, found);
    }
    Ok(outputs)
}

/// Returns the status of an upstream stack's outputs in the run: whether they may still change.
fn output_status_of(step: &StepContext<'_>, source: &StackId, version: OutputVersion) -> OutputStatus {
    // A stack that is destroyed gets no new outputs; its outputs went away with its state.
    if step.run.options.mode == PlanMode::Destroy || !step.dependencies.contains_key(source) {
        OutputStatus::NotAppliedHere { has_state: step.upstreams.has_state(source) }
    } else if step.is_pending(source) {
        let pending = OutputStatus::Pending(
            step.dependencies.get(source).and_then(|plan| plan.planned_outputs.clone()),
        );
        if version == OutputVersion::Planned { pending } else { pending.into_unknown() }
    } else {
        OutputStatus::Final
    }
}

/// Returns the result of destroying a stack whose values do not exist (any more): clean if its state is empty.
fn destroy_without_values(step: &StepContext<'_>, failure: Failure, ready: &ReadyStack) -> StepResult {
    let attempted = with_retries(&step.run.runner, step.session, || {
        ready.engine.prepare(&ready.target, false, step.session)?;
        ready.engine.known_state(&ready.target, ready.accept_lineage, step.session)?;
        ready.engine.state_addresses(&ready.target, step.session)
    });
    match attempted.result {
        Ok(addresses) if !addresses.is_empty() => {
            let detail = format!("{}; {VAR_FLAG_ADVICE}", failure.detail);
            StepResult::new(Outcome::Failed(failure.with_detail(detail)))
        }
        Ok(_) | Err(EngineError::MissingWorkspace { .. }) => {
            let notes = vec!["there is nothing of it".to_owned()];
            StepResult { notes, ..StepResult::new(Outcome::Clean) }
        }
        Err(error) => engine_error_result(error, ready),
    }
}

/// Returns the failure of a destroy plan that uses mocks: such a plan would never be made again with real values.
pub(in crate::executor::step) fn destroys_with_mocks(
    options: &PlanOptions,
    ready: &ReadyStack,
) -> Option<Failure> {
    let is_tentative = ready.upstream_values == UpstreamValues::Tentative;
    let refuses = options.mode == PlanMode::Destroy && is_tentative;
    refuses.then(|| {
        let summary = "it would be destroyed with mocks for outputs that do not exist";
        Failure::new(FailureKind::Config, summary).with_detail(VAR_FLAG_ADVICE)
    })
}

fn failed_result(failure: Failure) -> Box<StepResult> {
    Box::new(StepResult::new(Outcome::Failed(failure)))
}
