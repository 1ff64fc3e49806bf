//! Adopts the stored plan of an earlier run in place of a new one, after all of its bound inputs and the
//! current state were compared.

use super::{
    applied_last,
    bind::{Check, find_mismatch, unbindable},
    ended::{Ended, refusal, unprepared},
    outputs::wires::{Take, Wired, wired},
    plan::plan,
    recorded::recorded_differences,
    running_step::RunningStep,
    work::{PendingPlan, Work},
};
use crate::{
    engine::{EngineError, PlanMode, check_local_state, moved_address},
    executor::PriorResult,
    files,
    model::{APPLIED_EARLIER, Block, DESTROYED_EARLIER, Failure, FailureKind, Guard, Outcome, RunId},
    plans::Mismatch,
};

/// Adopts the result of an earlier run in place of a new plan.
pub(super) fn take_over(step: &mut RunningStep<'_>, work: &Work, prior: PriorResult) -> Ended {
    let (run, session) = (step.run, step.session);
    let stored = match prior {
        PriorResult::Planned(stored) => *stored,
        PriorResult::Begun => return plan(step, work),
        PriorResult::Clean => return keep_result(step, work, Vec::new()),
        PriorResult::Deferred { because } => return Ended::new(Outcome::Deferred { because }),
        PriorResult::Applied { run: earlier } => {
            if let Err(ended) = refuse_changed_since(work, &earlier) {
                return *ended;
            }
            let destroys = run.options.mode == PlanMode::Destroy;
            let prefix = if destroys { DESTROYED_EARLIER } else { APPLIED_EARLIER };
            return keep_result(step, work, vec![format!("{prefix}{earlier}")]);
        }
    };
    if let Some(blocks) = unbindable(work) {
        return Ended::new(Outcome::Refused(blocks));
    }
    let manifest = stored.manifest;
    let pending = PendingPlan {
        file: stored.file,
        changes: manifest.changes.clone(),
        tentative: manifest.tentative,
        manifest: Some(manifest.clone()),
    };
    // Compared before an engine is started.
    let foreign = [
        ("environment", manifest.environment.as_str(), work.target.instance.environment.as_str()),
        ("stack", manifest.stack.as_str(), work.target.instance.stack.as_str()),
    ];
    if let Some((item, then, now)) = foreign.into_iter().find(|(_, then, now)| then != now) {
        return Ended::new(Outcome::Refused(refusal(&Mismatch::new(item, Some(then), Some(now)))));
    }
    if !pending.file.is_file() {
        let message =
            format!("its plan of run {} is gone: a stored plan is applied at most once", manifest.run);
        return Ended::new(Outcome::Refused(vec![Block::new(Guard::Binding, message)]));
    }
    let Wired { work, notes: told, .. } = match wired(step, work, Take::Present) {
        Ok(wired) => wired,
        Err(ended) => return *ended,
    };
    let work = &*work;
    // No init either if the environment differs from the plan's.
    match find_mismatch(run, &step.applied, work, &pending, Check::BeforeInit) {
        Ok(None) => {}
        Ok(Some(mismatch)) => return Ended::new(Outcome::Refused(refusal(&mismatch))),
        Err(failure) => return Ended::new(Outcome::Failed(failure)),
    }
    if let Err(error) = work.engine.prepare(&work.target, false, false, session) {
        return unprepared(error, work);
    }
    let state = match work.engine.state_identity(&work.target, session) {
        Ok(state) => state,
        Err(error) => return unprepared(error, work),
    };
    match find_mismatch(run, &step.applied, work, &pending, Check::Asked(&state)) {
        Ok(None) => {}
        Ok(Some(mismatch)) => return Ended::new(Outcome::Refused(refusal(&mismatch))),
        Err(failure) => return Ended::new(Outcome::Failed(failure)),
    }
    // The state may have changed and then returned to the state of the plan.
    if let Err(error) = work.engine.check_state(&work.target, &state, work.accept_lineage) {
        return unprepared(error, work);
    }
    step.upstreams.planned(&work.target.instance.stack, &pending.file, None);
    let unbound = match recorded_differences(&run.key, work, &manifest) {
        Ok(differences) => differences,
        Err(failure) => return Ended::new(Outcome::Failed(failure)),
    };
    let is_incomplete = manifest.is_incomplete();
    let mut notes = manifest.notes;
    notes.extend(told);
    notes.extend(unbound.into_iter().map(|text| format!("not bound, and different: {text}")));
    notes.push(format!(
        "planned by run {} at {}",
        manifest.run,
        manifest.created.strftime("%Y-%m-%d %H:%M:%SZ")
    ));
    step.stack_run.seen_applied = manifest.seen.into_iter().collect();
    if let Err(error) = files::write(&run.dir.diff(&work.target.instance.stack), stored.diff.as_bytes()) {
        notes.push(format!("the diff could not be kept: {error}"));
    }
    step.stack_run.diff = stored.diff;
    let ended = Ended {
        plan: Some(pending.file.clone()),
        tentative: pending.tentative,
        is_deferring: is_incomplete,
        notes,
        ..Ended::new(Outcome::Changed(pending.changes.clone()))
    };
    step.stack_run.pending = Some(pending);
    ended
}

/// Adopts the result of an earlier run, unless the address of the stack's state changed since, or its local state is not
/// the last known one. A state that `--allow lineage` accepts is planned again.
fn keep_result(step: &mut RunningStep<'_>, work: &Work, notes: Vec<String>) -> Ended {
    match moved_address(&work.target) {
        Ok(None) => {}
        Ok(Some((then, now))) => {
            let instance = &work.target.instance;
            let message = format!(
                "the state of `{instance}` lay at `{then}` in the run that is resumed, and its address is `{now}` now: put the \
                 address back, or deploy again"
            );
            return Ended::new(Outcome::Refused(vec![Block::new(Guard::Backend, message)]));
        }
        Err(failure) => return Ended::new(Outcome::Failed(failure)),
    }
    match check_local_state(&work.target) {
        Ok(()) => Ended { notes, ..Ended::new(Outcome::Clean) },
        Err(failure) if failure.kind == FailureKind::Refused && work.accept_lineage => plan(step, work),
        Err(failure) => unprepared(EngineError::Failed(failure), work),
    }
}

/// Refuses the result of a run if the instance was changed after it, as far as this project knows.
fn refuse_changed_since(work: &Work, run: &RunId) -> Result<(), Box<Ended>> {
    let instance = &work.target.instance;
    let by = applied_last::last(&work.target, &instance.stack).map_err(|error| {
        let summary = format!("cannot tell who changed `{instance}` last: {error}");
        Ended::new(Outcome::Failed(Failure::new(FailureKind::Unknown, summary)))
    })?;
    if by == run.as_str() {
        return Ok(());
    }
    let message = format!(
        "`{instance}` was done by run {run} and changed by {by} since: deploy again, which plans it anew"
    );
    Err(Box::new(Ended::new(Outcome::Refused(vec![Block::new(Guard::Binding, message)]))))
}
