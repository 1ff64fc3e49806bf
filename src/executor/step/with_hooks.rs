//! Steps with the hooks around them.

use super::{
    adopt::adopt,
    apply::apply,
    hooks::{self, HookError, HookPoint},
    plan::plan,
    ready_stack::ReadyStack,
    step_context::StepContext,
    step_result::{StepResult, remove_plan_file},
};
use crate::{engine::keep_address_secrets, event::StepKind, model::Outcome};

/// Runs a step with the hooks before and after it.
pub(super) fn step_with_hooks(step: &mut StepContext<'_>, kind: StepKind, ready: &ReadyStack) -> StepResult {
    let mut result = match kind {
        StepKind::Plan => plan_with_hooks(step, ready),
        StepKind::Apply => apply_with_hooks(step, ready),
    };
    if matches!(result.outcome, Outcome::Failed(_)) {
        let hook_notes = hooks::run(HookPoint::OnFailure, ready, step.session, step.handle);
        result.notes.extend(hook_notes.unwrap_or_else(|error| vec![error.into_note()]));
    }
    let redactor = step.session.runner.redactor();
    if let Err(failure) = keep_address_secrets(&ready.target.state_dir, redactor) {
        result.notes.push(failure.summary);
    }
    result
}

fn plan_with_hooks(step: &mut StepContext<'_>, ready: &ReadyStack) -> StepResult {
    // The plan of an earlier run was made with its own hooks.
    if let Some(prior) = step.stack_run.prior_result.take() {
        return adopt(step, ready, prior);
    }
    let before = match hooks::run_for_step(HookPoint::BeforePlan, ready, step.session, step.handle) {
        Ok(notes) => notes,
        Err(result) => return *result,
    };
    let mut result = plan(step, ready);
    result.notes.splice(0..0, before);
    if !matches!(result.outcome, Outcome::Clean | Outcome::Changed(_)) {
        return result;
    }
    match hooks::run(HookPoint::AfterPlan, ready, step.session, step.handle) {
        Ok(notes) => result.notes.extend(notes),
        Err(error) => {
            step.stack_run.pending = None;
            result.notes.extend(result.plan.take().and_then(|file| remove_plan_file(&file)));
            result.outcome = error.into_outcome();
        }
    }
    result
}

fn apply_with_hooks(step: &mut StepContext<'_>, ready: &ReadyStack) -> StepResult {
    let changes = step.stack_run.pending.as_ref().is_some_and(|pending| !pending.changes.is_empty());
    let before = match hooks::run_before_apply(changes, ready, step.session, step.handle) {
        Ok(notes) => notes,
        Err(result) => return *result,
    };
    let mut result = apply(step, ready);
    result.notes.splice(0..0, before);
    if !matches!(result.outcome, Outcome::Applied(_)) {
        return result;
    }
    match hooks::run(HookPoint::AfterApply, ready, step.session, step.handle) {
        Ok(notes) => result.notes.extend(notes),
        Err(HookError::Failed(failure)) => {
            let told = "the changes were applied, and the state has them; only the hook failed";
            let detail = format!("{told}\n{}", failure.detail);
            result.outcome = Outcome::Failed(failure.with_detail(detail.trim_end()));
        }
        // The apply itself succeeded.
        Err(error) => result.notes.push(error.into_note()),
    }
    result
}
