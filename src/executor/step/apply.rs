//! Apply of one stack: of the confirmed plan, or of a new plan within its limits.

use std::{borrow::Cow, collections::BTreeSet, fs, io};

use super::{
    attempts::attempt,
    bind::{Before, Check, bind, find_mismatch, keyed},
    ended::{Ended, refusal, removed, unprepared},
    ephemeral::{other_unit_values, refuse_other_unit_values},
    hooks::{Moment, before_apply, run_for_step},
    input_digests::digest,
    mixed_mocks::verify_plan,
    outputs::wires::{Take, Wired, wired, wired_now},
    plan::only_deferring,
    run_context::RunContext,
    running_step::RunningStep,
    work::{PendingPlan, Work},
};
use crate::{
    engine::{EngineError, PlanMode, stale, unwritable},
    executor::StackRun,
    model::{Block, Changes, Failure, FailureKind, Guard, KnownValues, Outcome, StackId, tentative_reasons},
    plans::{self, Content, Manifest, Mismatch},
};

/// Applies the confirmed plan of a stack, or a new plan within its limits.
pub(super) fn apply(step: &mut RunningStep<'_>, work: &Work) -> Ended {
    // A stack that was planned clean waits with an empty plan: it may no longer be clean once a stack that it
    // depends on was applied.
    let pending = step.stack_run.pending.take().unwrap_or_else(|| PendingPlan {
        file: step.run.dir.plan(&work.target.instance.stack),
        changes: Changes::default(),
        tentative: false,
        manifest: None,
    });
    let was_clean = pending.changes.is_empty();
    let wired = step.stack_run.wired.clone();
    let planned = wired.as_deref().unwrap_or(work);
    let cause = step.applied_since_plan(work);
    let is_renewed = cause.is_some() || pending.is_provisional();
    let current_values =
        if is_renewed || was_clean { Ok(Cow::Borrowed(planned)) } else { wired_now(step, planned) };
    let work = match current_values {
        Ok(work) => work,
        Err(ended) => return *ended,
    };
    let work = &*work;
    let pending = match take_plan_file(step, work, pending, is_renewed) {
        Ok(pending) => pending,
        Err(outcome) => return Ended::new(*outcome),
    };
    let (pending, mut notes) = match replan_if_needed(step, work, pending, cause) {
        Ok(renewed) => renewed,
        Err(ended) => return *ended,
    };
    let renewed = step.stack_run.wired.clone();
    let work = renewed.as_deref().unwrap_or(work);
    if pending.changes.is_empty() {
        notes.extend(removed(&pending.file));
        return Ended { notes, ..Ended::new(Outcome::Clean) };
    }
    match unkept(work) {
        Ok(note) => notes.extend(note),
        Err(outcome) => {
            notes.extend(removed(&pending.file));
            return Ended { notes, ..Ended::new(*outcome) };
        }
    }
    // A stack that was planned clean and is no longer clean has not run its hooks yet.
    match before_apply(was_clean, work, step.session, step.handle) {
        Ok(said) => notes.extend(said),
        Err(ended) => return *ended,
    }
    if let Err(error) = work.note_applied_by(step.run.id.as_str()) {
        let summary = format!("cannot note who applies `{}`: {error}", work.target.instance.stack);
        return Ended { notes, ..Ended::new(Outcome::Failed(Failure::new(FailureKind::Unknown, summary))) };
    }
    // A failed apply may have changed the outputs too.
    step.upstreams.applied(&work.target.instance.stack);
    let is_deferring = pending.manifest.as_ref().is_some_and(Manifest::is_incomplete);
    let mut ended = match work.engine.apply(&work.target, &pending.file, step.session) {
        Ok(applied) => {
            step.has_applied = true;
            let mut ended = Ended::new(Outcome::Applied(pending.changes));
            ended.exit_code = Some(applied.exit_code);
            ended.notes = applied.notes;
            ended
        }
        Err(error) => refused_as_stale(&error, pending.manifest.as_ref())
            .map_or_else(|| unprepared(error, work), |blocks| Ended::new(Outcome::Refused(blocks))),
    };
    notes.extend(removed(&pending.file));
    ended.is_deferring = is_deferring;
    ended.notes.splice(0..0, notes);
    ended
}

/// Compares all bound inputs of the plan and renames its file, so that no other run can find it: a plan is applied at
/// most once, even if the apply fails.
fn take_plan_file(
    step: &mut RunningStep<'_>,
    work: &Work,
    pending: PendingPlan,
    is_renewed: bool,
) -> Result<PendingPlan, Box<Outcome>> {
    let run = step.run;
    let Some(manifest) = &pending.manifest else { return Ok(pending) };
    let failed = |failure| Box::new(Outcome::Failed(failure));
    let other = |mismatch: &Mismatch| Err(Box::new(Outcome::Refused(refusal(mismatch))));
    let found = find_mismatch(run, &step.applied, work, &pending, Check::Initialised).map_err(failed)?;
    if let Some(mismatch) = found {
        step.stack_run.pending = Some(pending);
        return other(&mismatch);
    }
    // A stack that is planned again gets the values of its unit then.
    if !is_renewed || run.options.mode == PlanMode::Destroy {
        let effective_init = work.effective_init().map_err(failed)?;
        refuse_other_unit_values(&run.key, work, &effective_init, manifest, step.session)?;
    }
    let [begun, _] = run.dir.begun_plans(&work.target.instance.stack);
    match fs::rename(&pending.file, &begun) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return other(&Mismatch::new("plan file", manifest.items.get("plan file"), None));
        }
        Err(error) => {
            let summary = format!("cannot take the plan file `{}`: {error}", pending.file);
            return Err(failed(Failure::new(FailureKind::Unknown, summary)));
        }
    }
    // Compared again, now that no other process knows the path.
    let (then, now) = (manifest.items.get("plan file"), digest(&begun).map_err(failed)?);
    if then != now.as_deref() {
        return other(&Mismatch::new("plan file", then, now.as_deref()));
    }
    Ok(PendingPlan { file: begun, ..pending })
}

/// Returns the plan to apply: a new one if a dependency was applied with changes meanwhile, or if the plan used values
/// that were not known. A new plan must be within the confirmed changes.
fn replan_if_needed(
    step: &mut RunningStep<'_>,
    work: &Work,
    confirmed: PendingPlan,
    cause: Option<StackId>,
) -> Result<(PendingPlan, Vec<String>), Box<Ended>> {
    let (run, session) = (step.run, step.session);
    if run.options.mode == PlanMode::Destroy || (cause.is_none() && !confirmed.is_provisional()) {
        return Ok((confirmed, Vec::new()));
    }
    let [_, file] = run.dir.begun_plans(&work.target.instance.stack);
    // The confirmed plan is no longer needed, even if the new plan fails.
    let leftover = removed(&confirmed.file);
    let end = |mut ended: Ended| {
        ended.notes.extend(leftover.iter().cloned().chain(removed(&file)));
        Err(Box::new(ended))
    };
    let mut hooked = match run_for_step(Moment::BeforePlan, work, session, step.handle) {
        Ok(said) => said,
        Err(ended) => return end(*ended),
    };
    let Wired { work, notes: told, .. } = match wired(step, work, Take::Planned) {
        Ok(wired) => wired,
        Err(ended) => return end(*ended),
    };
    let work = &*work;
    hooked.extend(told);
    let before = match Before::read(work) {
        Ok(before) => before,
        Err(failure) => return end(Ended::new(Outcome::Failed(failure))),
    };
    step.stack_run.seen_applied = step.applied.clone();
    // Only the plan is retried; the apply is not.
    let request = run.options.request(file.clone(), work.accept_lineage);
    let tried = attempt(&run.runner, session, || {
        let planned = work.engine.plan(&work.target, &request, session)?;
        verify_plan(step, work, &file, planned)
    });
    let planned = match tried.result {
        Ok(planned) => planned,
        Err(error) => return end(unprepared(error, work)),
    };
    match run_for_step(Moment::AfterPlan, work, session, step.handle) {
        Ok(said) => hooked.extend(said),
        Err(ended) => return end(*ended),
    }
    let refuse = |blocks: Vec<Block>| end(Ended::new(Outcome::Refused(blocks)));
    if planned.tentative {
        let message = "the plan still rests on values that are not known, so it is not applied";
        let why = tentative_reasons(&planned.notes).map(|why| Block::new(Guard::Tentative, why));
        return refuse([Block::new(Guard::Tentative, message)].into_iter().chain(why).collect());
    }
    let was_deferring = confirmed.manifest.as_ref().is_some_and(Manifest::is_deferring);
    if let Some(blocks) = only_deferring(&planned) {
        return refuse(blocks);
    }
    if !planned.deferred.is_empty() && !was_deferring {
        let what = planned.deferred.join(", ");
        let message = format!("the engine deferred {what}, which was not in what was confirmed");
        return refuse(vec![Block::new(Guard::Replan, message)]);
    }
    // Any value of a tentative plan may come from a mock, so none of them was known.
    let seen = confirmed.manifest.map(|manifest| manifest.known).filter(|_| !confirmed.tentative);
    let now = seen.as_ref().map_or_else(KnownValues::default, |_| keyed(run, &planned.known));
    let beyond = plans::beyond(
        Content { changes: &confirmed.changes, known: &seen.unwrap_or_default() },
        Content { changes: &planned.changes, known: &now },
    );
    if !beyond.is_empty() {
        return refuse(beyond.into_iter().map(|line| Block::new(Guard::Replan, line)).collect());
    }
    let mut notes = vec![match cause {
        Some(need) => format!("planned again, because `{need}` was applied"),
        None => "planned again, because its values were not known before".to_owned(),
    }];
    notes.extend(hooked.into_iter().chain(leftover.iter().cloned()).chain(tried.note));
    if planned.changes.is_empty() {
        let pending = PendingPlan { file, changes: planned.changes, tentative: false, manifest: None };
        return Ok((pending, notes));
    }
    let manifest = match bind(step, work, before, &planned, &file) {
        Ok((manifest, bound)) => {
            notes.extend(bound);
            manifest
        }
        Err(outcome) => return end(Ended::new(*outcome)),
    };
    let pending = PendingPlan {
        file: file.clone(),
        changes: planned.changes,
        tentative: false,
        manifest: Some(manifest),
    };
    match find_mismatch(run, &step.applied, work, &pending, Check::Initialised) {
        Ok(None) => Ok((pending, notes)),
        Ok(Some(mismatch)) => refuse(refusal(&mismatch)),
        Err(failure) => end(Ended::new(Outcome::Failed(failure))),
    }
}

/// Returns the reason why a planned stack must not be applied; checked before the first apply.
pub(super) fn unfit(
    run: &RunContext,
    applied: &BTreeSet<StackId>,
    work: &Work,
    stack_run: &StackRun,
) -> Option<Outcome> {
    let pending = stack_run.pending.as_ref()?;
    if !pending.changes.is_empty()
        && let Err(outcome) = unkept(work)
    {
        return Some(*outcome);
    }
    let work = stack_run.wired.as_deref().unwrap_or(work);
    match find_mismatch(run, applied, work, pending, Check::Initialised) {
        Ok(None) => other_unit_values(run, work, pending),
        Ok(Some(mismatch)) => Some(Outcome::Refused(refusal(&mismatch))),
        Err(failure) => Some(Outcome::Failed(failure)),
    }
}

/// Refuses an apply whose state would be lost if the engine cannot upload it, in an environment with `confirm`; returns
/// a note otherwise.
///
/// An engine writes such a state into its working directory, which only Terragrunt chooses by itself.
fn unkept(work: &Work) -> Result<Option<String>, Box<Outcome>> {
    let Some(error) = unwritable(&work.target) else { return Ok(None) };
    let dir = &work.target.dir;
    let message =
        format!("the engine cannot write into `{dir}` ({error}): a state that it cannot save would be lost");
    if work.plan_inputs.protected && work.engine.reads_root_module() {
        return Err(Box::new(Outcome::Refused(vec![Block::new(Guard::ReadOnly, message)])));
    }
    Ok(Some(message))
}

/// Returns the refusal for an engine that found another state than the plan was made on.
fn refused_as_stale(error: &EngineError, manifest: Option<&Manifest>) -> Option<Vec<Block>> {
    let EngineError::Failed(failure) = error else { return None };
    let item = stale(failure)?;
    let then = manifest.and_then(|manifest| manifest.items.get(item));
    Some(refusal(&Mismatch::new(item, then, Some("another one"))))
}
