//! Steps with the hooks around them.

use super::{
    adopt::take_over,
    apply::apply,
    ended::{Ended, removed},
    hooks::{self, HookError, Moment},
    plan::plan,
    running_step::RunningStep,
    work::Work,
};
use crate::{event::StepKind, model::Outcome};

/// Runs a step with the hooks before and after it.
pub(super) fn step_with_hooks(step: &mut RunningStep<'_>, kind: StepKind, work: &Work) -> Ended {
    let mut ended = match kind {
        StepKind::Plan => plan_with_hooks(step, work),
        StepKind::Apply => apply_with_hooks(step, work),
    };
    if matches!(ended.outcome, Outcome::Failed(_)) {
        let said = hooks::run(Moment::OnFailure, work, step.session, step.handle);
        ended.notes.extend(said.unwrap_or_else(|error| vec![error.into_note()]));
    }
    ended
}

fn plan_with_hooks(step: &mut RunningStep<'_>, work: &Work) -> Ended {
    // The plan of an earlier run was made with its own hooks.
    if let Some(prior) = step.stack_run.prior.take() {
        return take_over(step, work, prior);
    }
    let before = match hooks::run_for_step(Moment::BeforePlan, work, step.session, step.handle) {
        Ok(notes) => notes,
        Err(ended) => return *ended,
    };
    let mut ended = plan(step, work);
    ended.notes.splice(0..0, before);
    if !matches!(ended.outcome, Outcome::Clean | Outcome::Changed(_)) {
        return ended;
    }
    match hooks::run(Moment::AfterPlan, work, step.session, step.handle) {
        Ok(notes) => ended.notes.extend(notes),
        Err(error) => {
            step.stack_run.pending = None;
            ended.notes.extend(ended.plan.take().and_then(|file| removed(&file)));
            ended.outcome = error.into_outcome();
        }
    }
    ended
}

fn apply_with_hooks(step: &mut RunningStep<'_>, work: &Work) -> Ended {
    let changes = step.stack_run.pending.as_ref().is_some_and(|pending| !pending.changes.is_empty());
    let before = match hooks::before_apply(changes, work, step.session, step.handle) {
        Ok(notes) => notes,
        Err(ended) => return *ended,
    };
    let mut ended = apply(step, work);
    ended.notes.splice(0..0, before);
    if !matches!(ended.outcome, Outcome::Applied(_)) {
        return ended;
    }
    match hooks::run(Moment::AfterApply, work, step.session, step.handle) {
        Ok(notes) => ended.notes.extend(notes),
        Err(HookError::Failed(failure)) => {
            let told = "the changes were applied, and the state has them; only the hook failed";
            let detail = format!("{told}\n{}", failure.detail);
            ended.outcome = Outcome::Failed(failure.with_detail(detail.trim_end()));
        }
        // The apply itself succeeded.
        Err(error) => ended.notes.push(error.into_note()),
    }
    ended
}
