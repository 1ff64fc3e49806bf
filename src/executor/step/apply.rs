//! Apply of one stack: of the confirmed plan, or of a new plan within its limits.

use std::{borrow::Cow, collections::BTreeSet, fs, io};

use super::{
    bind::{CompareScope, InputsBeforePlan, bind, find_mismatch, keyed_values},
    ephemeral::{other_unit_values_refusal, refuse_other_unit_values},
    hooks::{HookPoint, run_before_apply, run_for_step},
    input_digests::digest,
    mixed_mocks::verify_plan,
    outputs::input_values::{OutputVersion, StackWithInputs, resolve_current_inputs, resolve_inputs},
    plan::refuse_only_deferred,
    ready_stack::{PendingPlan, ReadyStack},
    retries::with_retries,
    run_context::RunContext,
    step_context::StepContext,
    step_result::{StepResult, binding_refusal, engine_error_result, remove_plan_file},
};
use crate::{
    engine::{EngineError, PlanMode, stale, unwritable},
    executor::StackRun,
    model::{
        Block, Changes, Failure, FailureKind, Guard, Outcome, PlannedDigests, StackId, tentative_reasons,
    },
    plans::{self, Mismatch, PlanContent, PlanManifest},
};

/// Applies the confirmed plan of a stack, or a new plan within its limits.
pub(super) fn apply(step: &mut StepContext<'_>, ready: &ReadyStack) -> StepResult {
    // A stack that was planned clean waits with an empty plan: it may no longer be clean once a stack that it
    // depends on was applied.
    let pending = step.stack_run.pending.take().unwrap_or_else(|| PendingPlan {
        file: step.run.dir.plan(&ready.target.instance.stack),
        changes: Changes::default(),
        tentative: false,
        manifest: None,
    });
    let was_clean = pending.changes.is_empty();
    let work_with_inputs = step.stack_run.stack_with_inputs.clone();
    let planned = work_with_inputs.as_deref().unwrap_or(ready);
    let cause = step.applied_since_plan(ready);
    let is_renewed = cause.is_some() || pending.is_provisional();
    let current_values = if is_renewed || was_clean {
        Ok(Cow::Borrowed(planned))
    } else {
        resolve_current_inputs(step, planned)
    };
    let ready = match current_values {
        Ok(ready) => ready,
        Err(result) => return *result,
    };
    let ready = &*ready;
    let pending = match take_plan_file(step, ready, pending, is_renewed) {
        Ok(pending) => pending,
        Err(outcome) => return StepResult::new(*outcome),
    };
    let (pending, mut notes) = match replan_if_needed(step, ready, pending, cause) {
        Ok(renewed) => renewed,
        Err(result) => return *result,
    };
    let renewed = step.stack_run.stack_with_inputs.clone();
    let ready = renewed.as_deref().unwrap_or(ready);
    if pending.changes.is_empty() {
        notes.extend(remove_plan_file(&pending.file));
        return StepResult { notes, ..StepResult::new(Outcome::Clean) };
    }
    match check_state_can_be_saved(ready) {
        Ok(note) => notes.extend(note),
        Err(outcome) => {
            notes.extend(remove_plan_file(&pending.file));
            return StepResult { notes, ..StepResult::new(*outcome) };
        }
    }
    // A stack that was planned clean and is no longer clean has not run its hooks yet.
    match run_before_apply(was_clean, ready, step.session, step.handle) {
        Ok(hook_notes) => notes.extend(hook_notes),
        Err(result) => return *result,
    }
    if let Err(error) = ready.note_applied_by(step.run.id.as_str()) {
        let summary = format!("cannot note who applies `{}`: {error}", ready.target.instance.stack);
        return StepResult {
            notes,
            ..StepResult::new(Outcome::Failed(Failure::new(FailureKind::Unknown, summary)))
        };
    }
    // A failed apply may have changed the outputs too.
    step.upstreams.invalidate(&ready.target.instance.stack);
    step.stack_run.planned_outputs = None;
    let is_deferring = pending.manifest.as_ref().is_some_and(PlanManifest::is_incomplete);
    let mut result = match ready.engine.apply(&ready.target, &pending.file, step.session) {
        Ok(applied) => {
            step.has_applied = true;
            let mut result = StepResult::new(Outcome::Applied(pending.changes));
            result.exit_code = Some(applied.exit_code);
            result.notes = applied.notes;
            result
        }
        Err(error) => refused_as_stale(&error, pending.manifest.as_ref()).map_or_else(
            || engine_error_result(error, ready),
            |blocks| StepResult::new(Outcome::Refused(blocks)),
        ),
    };
    notes.extend(remove_plan_file(&pending.file));
    result.is_deferring = is_deferring;
    result.notes.splice(0..0, notes);
    result
}

/// Compares all bound inputs of the plan and renames its file, so that no other run can find it: a plan is applied at
/// most once, even if the apply fails.
fn take_plan_file(
    step: &mut StepContext<'_>,
    ready: &ReadyStack,
    pending: PendingPlan,
    is_renewed: bool,
) -> Result<PendingPlan, Box<Outcome>> {
    let run = step.run;
    let Some(manifest) = &pending.manifest else { return Ok(pending) };
    let failed = |failure| Box::new(Outcome::Failed(failure));
    let refused = |mismatch: &Mismatch| Err(Box::new(Outcome::Refused(binding_refusal(mismatch))));
    let found =
        find_mismatch(run, &step.applied, ready, &pending, CompareScope::AfterInit).map_err(failed)?;
    if let Some(mismatch) = found {
        step.stack_run.pending = Some(pending);
        return refused(&mismatch);
    }
    // A stack that is planned again gets the values of its unit then.
    if !is_renewed || run.options.mode == PlanMode::Destroy {
        let effective_init = ready.effective_init().map_err(failed)?;
        refuse_other_unit_values(&run.key, ready, &effective_init, manifest, step.session)?;
    }
    let [begun, _] = run.dir.begun_plans(&ready.target.instance.stack);
    match fs::rename(&pending.file, &begun) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return refused(&Mismatch::new("plan file", manifest.items.get("plan file"), None));
        }
        Err(error) => {
            let summary = format!("cannot take the plan file `{}`: {error}", pending.file);
            return Err(failed(Failure::new(FailureKind::Unknown, summary)));
        }
    }
    // Compared again, now that no other process knows the path.
    let (then, now) = (manifest.items.get("plan file"), digest(&begun).map_err(failed)?);
    if then != now.as_deref() {
        return refused(&Mismatch::new("plan file", then, now.as_deref()));
    }
    Ok(PendingPlan { file: begun, ..pending })
}

/// Returns the plan to apply: a new one if a dependency was applied with changes meanwhile, or if the plan used values
/// that were not known. A new plan must be within the confirmed changes.
fn replan_if_needed(
    step: &mut StepContext<'_>,
    ready: &ReadyStack,
    confirmed: PendingPlan,
    cause: Option<StackId>,
) -> Result<(PendingPlan, Vec<String>), Box<StepResult>> {
    let (run, session) = (step.run, step.session);
    if run.options.mode == PlanMode::Destroy || (cause.is_none() && !confirmed.is_provisional()) {
        return Ok((confirmed, Vec::new()));
    }
    let [_, file] = run.dir.begun_plans(&ready.target.instance.stack);
    // The confirmed plan is no longer needed, even if the new plan fails.
    let leftover = remove_plan_file(&confirmed.file);
    let end = |mut result: StepResult| {
        result.notes.extend(leftover.iter().cloned().chain(remove_plan_file(&file)));
        Err(Box::new(result))
    };
    let mut new_notes = match run_for_step(HookPoint::BeforePlan, ready, session, step.handle) {
        Ok(hook_notes) => hook_notes,
        Err(result) => return end(*result),
    };
    let StackWithInputs { ready, notes: input_notes, .. } =
        match resolve_inputs(step, ready, OutputVersion::Planned) {
            Ok(work_with_inputs) => work_with_inputs,
            Err(result) => return end(*result),
        };
    let ready = &*ready;
    new_notes.extend(input_notes);
    let before = match InputsBeforePlan::read(ready) {
        Ok(before) => before,
        Err(failure) => return end(StepResult::new(Outcome::Failed(failure))),
    };
    step.stack_run.applied_at_plan = step.applied.clone();
    // Only the plan is retried; the apply is not.
    let request = run.options.request(file.clone(), ready.accept_lineage);
    let attempted = with_retries(&run.runner, session, || {
        let planned = ready.engine.plan(&ready.target, &request, session)?;
        verify_plan(step, ready, &file, planned)
    });
    let planned = match attempted.result {
        Ok(planned) => planned,
        Err(error) => return end(engine_error_result(error, ready)),
    };
    match run_for_step(HookPoint::AfterPlan, ready, session, step.handle) {
        Ok(hook_notes) => new_notes.extend(hook_notes),
        Err(result) => return end(*result),
    }
    let refuse = |blocks: Vec<Block>| end(StepResult::new(Outcome::Refused(blocks)));
    if planned.tentative {
        let message = "the plan still rests on values that are not known, so it is not applied";
        let why = tentative_reasons(&planned.notes).map(|why| Block::new(Guard::Tentative, why));
        return refuse([Block::new(Guard::Tentative, message)].into_iter().chain(why).collect());
    }
    let was_deferring = confirmed.manifest.as_ref().is_some_and(PlanManifest::is_deferring);
    if let Some(blocks) = refuse_only_deferred(&planned) {
        return refuse(blocks);
    }
    if !planned.deferred.is_empty() && !was_deferring {
        let what = planned.deferred.join(", ");
        let message = format!("the engine deferred {what}, which was not in what was confirmed");
        return refuse(vec![Block::new(Guard::Replan, message)]);
    }
    // Any value of a tentative plan may come from a mock, so none of them was known.
    let seen = confirmed.manifest.map(|manifest| manifest.known_values).filter(|_| !confirmed.tentative);
    let now =
        seen.as_ref().map_or_else(PlannedDigests::default, |_| keyed_values(run, &planned.planned_digests));
    let beyond = plans::changes_beyond_confirmed(
        PlanContent { changes: &confirmed.changes, known_values: &seen.unwrap_or_default() },
        PlanContent { changes: &planned.changes, known_values: &now },
    );
    if !beyond.is_empty() {
        return refuse(beyond.into_iter().map(|line| Block::new(Guard::Replan, line)).collect());
    }
    let mut notes = vec![match cause {
        Some(need) => format!("planned again, because `{need}` was applied"),
        None => "planned again, because its values were not known before".to_owned(),
    }];
    notes.extend(new_notes.into_iter().chain(leftover.iter().cloned()).chain(attempted.note));
    if planned.changes.is_empty() {
        let pending = PendingPlan { file, changes: planned.changes, tentative: false, manifest: None };
        return Ok((pending, notes));
    }
    let manifest = match bind(step, ready, before, &planned, &file) {
        Ok((manifest, bound)) => {
            notes.extend(bound);
            manifest
        }
        Err(outcome) => return end(StepResult::new(*outcome)),
    };
    let pending = PendingPlan {
        file: file.clone(),
        changes: planned.changes,
        tentative: false,
        manifest: Some(manifest),
    };
    match find_mismatch(run, &step.applied, ready, &pending, CompareScope::AfterInit) {
        Ok(None) => Ok((pending, notes)),
        Ok(Some(mismatch)) => refuse(binding_refusal(&mismatch)),
        Err(failure) => end(StepResult::new(Outcome::Failed(failure))),
    }
}

/// Returns the reason why a planned stack must not be applied; checked before the first apply.
pub(super) fn refusal_before_apply(
    run: &RunContext,
    applied: &BTreeSet<StackId>,
    ready: &ReadyStack,
    stack_run: &StackRun,
) -> Option<Outcome> {
    let pending = stack_run.pending.as_ref()?;
    if !pending.changes.is_empty()
        && let Err(outcome) = check_state_can_be_saved(ready)
    {
        return Some(*outcome);
    }
    let ready = stack_run.stack_with_inputs.as_deref().unwrap_or(ready);
    match find_mismatch(run, applied, ready, pending, CompareScope::AfterInit) {
        Ok(None) => other_unit_values_refusal(run, ready, pending),
        Ok(Some(mismatch)) => Some(Outcome::Refused(binding_refusal(&mismatch))),
        Err(failure) => Some(Outcome::Failed(failure)),
    }
}

/// Refuses an apply whose state would be lost if the engine cannot upload it, in an environment with `confirm`; returns
/// a note otherwise.
///
/// An engine writes such a state into its working directory, which only Terragrunt chooses by itself.
fn check_state_can_be_saved(ready: &ReadyStack) -> Result<Option<String>, Box<Outcome>> {
    let Some(error) = unwritable(&ready.target) else { return Ok(None) };
    let dir = &ready.target.dir;
    let message =
        format!("the engine cannot write into `{dir}` ({error}): a state that it cannot save would be lost");
    if ready.plan_inputs.protected && ready.engine.plans_in_stack_folder() {
        return Err(Box::new(Outcome::Refused(vec![Block::new(Guard::ReadOnly, message)])));
    }
    Ok(Some(message))
}

/// Returns the refusal for an engine that found another state than the plan was made on.
fn refused_as_stale(error: &EngineError, manifest: Option<&PlanManifest>) -> Option<Vec<Block>> {
    let EngineError::Failed(failure) = error else { return None };
    let item = stale(failure)?;
    let then = manifest.and_then(|manifest| manifest.items.get(item));
    Some(binding_refusal(&Mismatch::new(item, then, Some("another one"))))
}
