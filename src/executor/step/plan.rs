//! Plan of one stack, stored for its apply.

use camino::Utf8PathBuf;

use super::{
    attempts::attempt,
    bind::{Before, bind, overridden, unbindable},
    ended::{Ended, removed, unprepared},
    mixed_mocks::verify_plan,
    outputs::{
        upstream_output::PlannedOutputs,
        wires::{Take, Wired, destroys_with_mocks, wired},
    },
    reuse::{forget_clean, keep_clean, reused, stamp_before, unstamped},
    running_step::RunningStep,
    work::{PendingPlan, PlanOptions, Work},
};
use crate::{
    engine::{EngineError, PlanMode, Planned, awaits_upstream, layout::has_configuration},
    files,
    model::{Block, Failure, FailureKind, Guard, Outcome},
};

/// Plans a stack with the values that it takes from others; a plan with changes waits for its apply.
pub(super) fn plan(step: &mut RunningStep<'_>, work: &Work) -> Ended {
    if let Some(blocks) = unbindable(work) {
        return Ended::new(Outcome::Refused(blocks));
    }
    step.upstreams.plans_begin();
    let planned_values = match wired(step, work, Take::Planned) {
        Ok(values) => values,
        Err(ended) => return *ended,
    };
    let rests_on_plans = planned_values.rests_on_plans;
    let ended = plan_wired(step, planned_values);
    let Outcome::Failed(failure) = ended.outcome.clone() else { return ended };
    // Objects that a planned value names may not exist before their own stack is applied.
    let Some(Ok(present_values)) = rests_on_plans.then(|| wired(step, work, Take::Present)) else {
        return ended;
    };
    let mut again = plan_wired(step, present_values);
    again.notes.push(format!("with its values as they are planned: {}", failure.summary));
    again
}

fn plan_wired(step: &mut RunningStep<'_>, wired: Wired<'_>) -> Ended {
    let (run, session) = (step.run, step.session);
    let (work, told) = (&*wired.work, wired.notes);
    if let Some(mut reused) = reused(step, work) {
        reused.notes.extend(told);
        return reused;
    }
    if let Some(failure) = unconfigured(work) {
        return Ended::new(Outcome::Failed(failure));
    }
    let told = told.into_iter().chain(forget_clean(work)).collect::<Vec<_>>();
    let create = work.create_workspace || step.stack_run.may_create_workspace;
    let file = run.dir.plan(&work.target.instance.stack);
    step.stack_run.seen_applied = step.applied.clone();
    let tried = attempt(&run.runner, session, || {
        work.engine.prepare(&work.target, create, false, session)?;
        let before = Before::read(work).map_err(EngineError::Failed)?;
        let before = Before { stamp: stamp_before(step, work), ..before };
        let request = run.options.request(file.clone(), work.accept_lineage);
        let mut planned = work.engine.plan(&work.target, &request, session)?;
        let before = before.with_lockfile(planned.lockfile.take());
        Ok((before, verify_plan(step, work, &file, planned)?))
    });
    let mut ended = match tried.result {
        Err(EngineError::Failed(failure)) => match step.pending_need(work) {
            Some(need) if awaits_upstream(&failure) => {
                let note = format!("cannot be planned before `{need}` is applied: {}", failure.summary);
                Ended { notes: vec![note], ..Ended::new(Outcome::Deferred { because: need }) }
            }
            _ => unprepared(EngineError::Failed(failure), work),
        },
        Err(error) => unprepared(error, work),
        Ok((before, planned)) => keep(step, work, file, before, planned),
    };
    ended.attempts = tried.attempts;
    ended.notes.extend(tried.note.into_iter().chain(told).chain(unstamped(step, work)));
    ended
}

/// Returns the planned outputs; absent for a plan limited by `--target` or `--without`, which does
/// not contain all of them.
fn planned_outputs(options: &PlanOptions, planned: &Planned) -> Option<PlannedOutputs> {
    let is_narrowed = options.is_narrowed() || planned.is_incomplete();
    let whole = !is_narrowed && options.mode == PlanMode::Normal;
    whole.then(|| PlannedOutputs { outputs: planned.outputs.clone(), tentative: planned.tentative })
}

/// Stores a plan with changes for its apply, with its manifest, and removes the file of a clean plan.
fn keep(
    step: &mut RunningStep<'_>,
    work: &Work,
    file: Utf8PathBuf,
    before: Before,
    planned: Planned,
) -> Ended {
    let stack = &work.target.instance.stack;
    let mut ended = Ended::new(Outcome::Clean);
    ended.exit_code = Some(planned.exit_code);
    ended.tentative = planned.tentative;
    ended.notes.clone_from(&planned.notes);
    step.stack_run.diff.clone_from(&planned.diff);
    if let Some(blocks) = overridden(work, &planned) {
        step.stack_run.pending = None;
        ended.notes.extend(removed(&file));
        return Ended { outcome: Outcome::Refused(blocks), ..ended };
    }
    step.upstreams.planned(stack, &file, planned_outputs(&step.run.options, &planned));
    if let Some(failure) =
        destroys_with_mocks(&step.run.options, work).filter(|_| !planned.changes.is_empty())
    {
        ended.notes.extend(removed(&file));
        return Ended { outcome: Outcome::Failed(failure), ..ended };
    }
    ended.is_deferring = planned.is_incomplete();
    if let Some(blocks) = only_deferring(&planned) {
        step.stack_run.pending = None;
        ended.notes.extend(removed(&file));
        return Ended { outcome: Outcome::Refused(blocks), ..ended };
    }
    if planned.changes.is_empty() {
        step.stack_run.pending = None;
        ended.notes.extend(removed(&file));
        ended.notes.extend(keep_clean(step, work, &before, &planned));
        return ended;
    }
    if let Err(error) = files::write(&step.run.dir.diff(stack), planned.diff.as_bytes()) {
        ended.notes.push(format!("the diff could not be kept: {error}"));
    }
    let manifest = match bind(step, work, before, &planned, &file) {
        Ok((manifest, notes)) => {
            ended.notes.extend(notes);
            manifest
        }
        Err(outcome) => {
            ended.notes.extend(removed(&file));
            return Ended { outcome: *outcome, ..ended };
        }
    };
    let pending = PendingPlan {
        file: file.clone(),
        changes: planned.changes.clone(),
        tentative: planned.tentative,
        manifest: Some(manifest),
    };
    step.stack_run.pending = Some(pending);
    ended.outcome = Outcome::Changed(planned.changes);
    ended.plan = Some(file);
    ended
}

/// Returns the refusal of a plan that defers all of its changes: it is not clean, and there is nothing to apply.
pub(super) fn only_deferring(planned: &Planned) -> Option<Vec<Block>> {
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
fn unconfigured(work: &Work) -> Option<Failure> {
    // The engine reports a folder that cannot be read.
    let names = files::folder_names(&work.target.dir).ok()?;
    if has_configuration(work.engine.name(), names.iter().map(String::as_str)) {
        return None;
    }
    let (folder, engine) = (&work.target.dir, work.engine.name().title());
    let summary = format!("the stack's folder holds no configuration of {engine}");
    let detail =
        format!("`{folder}` must hold it: without it nothing would be planned, and nothing destroyed");
    Some(Failure::new(FailureKind::Config, summary).with_detail(detail))
}
