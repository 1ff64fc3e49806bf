//! Plan of one stack, stored for its apply.

use std::sync::Arc;

use camino::Utf8PathBuf;

use super::{
    bind::{InputsBeforePlan, bind, refuse_dev_overrides, refuse_provider_overrides},
    mixed_mocks::verify_plan,
    outputs::{
        input_values::{OutputVersion, StackWithInputs, destroys_with_mocks, resolve_inputs},
        upstream_output::PlannedOutputs,
    },
    ready_stack::{PendingPlan, PlanOptions, ReadyStack},
    retries::with_retries,
    reuse::{etag_before, missing_entity_tag_note, remove_clean_plan, reuse_clean_plan, store_clean_plan},
    step_context::StepContext,
    step_result::{StepResult, engine_error_result, remove_plan_file},
};
use crate::{
    engine::{EngineError, PlanMode, Planned, awaits_upstream, layout::has_configuration},
    files,
    model::{Block, Failure, FailureKind, Guard, Outcome, StackNote},
};

/// Plans a stack with the values that it takes from others; a plan with changes waits for its apply.
pub(super) fn plan(step: &mut StepContext<'_>, ready: &ReadyStack) -> StepResult {
    if let Some(blocks) = refuse_provider_overrides(ready) {
        return StepResult::new(Outcome::Refused(blocks));
    }
    step.upstreams.begin_plan();
    let planned_values = match resolve_inputs(step, ready, OutputVersion::Planned) {
        Ok(values) => values,
        Err(result) => return *result,
    };
    let uses_planned_values = planned_values.uses_planned_values;
    let result = plan_with_inputs(step, planned_values);
    let Outcome::Failed(failure) = result.outcome.clone() else { return result };
    // Objects that a planned value names may not exist before their own stack is applied.
    let Some(Ok(present_values)) =
        uses_planned_values.then(|| resolve_inputs(step, ready, OutputVersion::Current))
    else {
        return result;
    };
    let mut again = plan_with_inputs(step, present_values);
    again.notes.push(format!("with its values as they are planned: {}", failure.summary));
    again
}

fn plan_with_inputs(step: &mut StepContext<'_>, resolved: StackWithInputs<'_>) -> StepResult {
    let (run, session) = (step.run, step.session);
    let (ready, input_notes) = (&*resolved.ready, resolved.notes);
    if let Some(mut reused) = reuse_clean_plan(step, ready) {
        reused.notes.extend(input_notes);
        return reused;
    }
    if let Some(failure) = missing_configuration(ready) {
        return StepResult::new(Outcome::Failed(failure));
    }
    let input_notes = input_notes.into_iter().chain(remove_clean_plan(ready)).collect::<Vec<_>>();
    let may_create_workspace = ready.create_workspace || step.stack_run.may_create_workspace;
    let file = run.dir.plan(&ready.target.instance.stack);
    step.stack_run.applied_at_plan = step.applied.clone();
    let attempted = with_retries(&run.runner, session, || {
        ready.engine.prepare(&ready.target, may_create_workspace, session)?;
        let before = InputsBeforePlan::read(ready).map_err(EngineError::Failed)?;
        let before = InputsBeforePlan { etag: etag_before(step, ready), ..before };
        let request = run.options.request(file.clone(), ready.accept_lineage);
        let mut planned = ready.engine.plan(&ready.target, &request, session)?;
        let before = before.with_lockfile(planned.lockfile.take());
        Ok((before, verify_plan(step, ready, &file, planned)?))
    });
    let mut result = match attempted.result {
        Err(EngineError::Failed(failure)) => match step.pending_need(ready) {
            Some(need) if awaits_upstream(&failure) => {
                let note = StackNote::Deferred(&failure.summary).to_string();
                StepResult { notes: vec![note], ..StepResult::new(Outcome::Deferred { because: need }) }
            }
            _ => engine_error_result(EngineError::Failed(failure), ready),
        },
        Err(error) => engine_error_result(error, ready),
        Ok((before, planned)) => store_plan(step, ready, file, before, planned),
    };
    result.attempts = attempted.attempts;
    result
        .notes
        .extend(attempted.note.into_iter().chain(input_notes).chain(missing_entity_tag_note(step, ready)));
    result
}

/// Returns the planned outputs; `None` for a plan limited by `--target` or `--without`, which does
/// not contain all of them.
fn planned_outputs(options: &PlanOptions, planned: &Planned) -> Option<PlannedOutputs> {
    let is_narrowed = options.is_narrowed() || planned.is_incomplete();
    let whole = !is_narrowed && options.mode == PlanMode::Normal;
    whole.then(|| PlannedOutputs { outputs: planned.outputs.clone(), tentative: planned.tentative })
}

/// Stores a plan with changes for its apply, with its manifest, and removes the file of a clean plan.
fn store_plan(
    step: &mut StepContext<'_>,
    ready: &ReadyStack,
    file: Utf8PathBuf,
    before: InputsBeforePlan,
    planned: Planned,
) -> StepResult {
    let stack = &ready.target.instance.stack;
    let mut result = StepResult::new(Outcome::Clean);
    result.exit_code = Some(planned.exit_code);
    result.tentative = planned.tentative;
    result.notes.clone_from(&planned.notes);
    step.stack_run.diff.clone_from(&planned.diff);
    if let Some(blocks) = refuse_dev_overrides(ready, &planned) {
        step.stack_run.pending = None;
        result.notes.extend(remove_plan_file(&file));
        return StepResult { outcome: Outcome::Refused(blocks), ..result };
    }
    step.upstreams.read_from_plan(stack, &file);
    step.stack_run.planned_outputs = planned_outputs(&step.run.options, &planned).map(Arc::new);
    if let Some(failure) =
        destroys_with_mocks(&step.run.options, ready).filter(|_| !planned.changes.is_empty())
    {
        result.notes.extend(remove_plan_file(&file));
        return StepResult { outcome: Outcome::Failed(failure), ..result };
    }
    result.is_deferring = planned.is_incomplete();
    if let Some(blocks) = refuse_only_deferred(&planned) {
        step.stack_run.pending = None;
        result.notes.extend(remove_plan_file(&file));
        return StepResult { outcome: Outcome::Refused(blocks), ..result };
    }
    if planned.changes.is_empty() {
        step.stack_run.pending = None;
        result.notes.extend(remove_plan_file(&file));
        result.notes.extend(store_clean_plan(step, ready, &before, &planned));
        return result;
    }
    if let Err(error) = files::write(&step.run.dir.diff(stack), planned.diff.as_bytes()) {
        result.notes.push(format!("the diff could not be kept: {error}"));
    }
    let manifest = match bind(step, ready, before, &planned, &file) {
        Ok((manifest, notes)) => {
            result.notes.extend(notes);
            manifest
        }
        Err(outcome) => {
            result.notes.extend(remove_plan_file(&file));
            return StepResult { outcome: *outcome, ..result };
        }
    };
    let pending = PendingPlan {
        file: file.clone(),
        changes: planned.changes.clone(),
        tentative: planned.tentative,
        manifest: Some(manifest),
    };
    step.stack_run.pending = Some(pending);
    result.outcome = Outcome::Changed(planned.changes);
    result.plan = Some(file);
    result
}

/// Returns the refusal of a plan that defers all of its changes: it is not clean, and there is nothing to apply.
pub(super) fn refuse_only_deferred(planned: &Planned) -> Option<Vec<Block>> {
    if !planned.changes.is_empty() || planned.deferred.is_empty() {
        return None;
    }
    let what = planned.deferred.join(", ");
    let message =
        format!("the plan is incomplete: the engine deferred {what}, and nothing else would change");
    Some(vec![Block::new(Guard::Incomplete, message)])
}

/// Returns the failure of a folder without configuration, checked after the hooks that may write it: an engine would find
/// neither a backend nor resources to change or to destroy.
fn missing_configuration(ready: &ReadyStack) -> Option<Failure> {
    // The engine reports a folder that cannot be read.
    let names = files::entry_names(&ready.target.dir).ok()?;
    if has_configuration(ready.engine.name(), names.iter().map(String::as_str)) {
        return None;
    }
    let (folder, engine) = (&ready.target.dir, ready.engine.name().title());
    let summary = format!("the stack's folder holds no configuration of {engine}");
    let detail =
        format!("`{folder}` must hold it: without it nothing would be planned, and nothing destroyed");
    Some(Failure::new(FailureKind::Config, summary).with_detail(detail))
}
