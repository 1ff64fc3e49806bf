//! Apply of one stack: of the confirmed plan, or of a new plan within its limits.

use std::{fs, io};

use super::{
    attempts::attempt,
    bind::{Check, effective_init, refusal},
    ended::{Ended, removed, unprepared},
    hooks::Moment,
    input_digests::digest,
    outputs::wires::{Take, Wired},
    plan::only_deferring,
    with_hooks,
    work::{PendingPlan, Work},
    worker::Worker,
};
use crate::{
    engine::{EngineError, PlanMode, Session, stale, unwritable},
    executor::{StepHandle, mutex::lock},
    model::{Block, Changes, Failure, FailureKind, Guard, KnownValues, Outcome, StackId, tentative_reasons},
    plans::{self, Content, Manifest, Mismatch},
};

impl Worker {
    pub(super) fn apply(
        &self,
        stack: &StackId,
        work: &Work,
        session: &Session<'_>,
        port: &dyn StepHandle,
    ) -> Ended {
        // A stack that was planned clean waits with an empty plan: it may no longer be clean once a stack that it
        // depends on was applied.
        let pending = lock(&self.pending).remove(stack).unwrap_or_else(|| PendingPlan {
            file: self.dir.plan(stack),
            changes: Changes::default(),
            tentative: false,
            manifest: None,
        });
        let was_clean = pending.changes.is_empty();
        let planned = self.as_planned(stack, work);
        let cause = self.cause(stack, work);
        let is_renewed = cause.is_some() || pending.is_provisional();
        let looked_at =
            if is_renewed || was_clean { Ok(planned.clone()) } else { self.wired_now(&planned, session) };
        let work = match looked_at {
            Ok(work) => work,
            Err(ended) => return *ended,
        };
        let work = &*work;
        let pending = match self.take_plan_file((stack, work), pending, is_renewed, session) {
            Ok(pending) => pending,
            Err(outcome) => return Ended::new(*outcome),
        };
        let (pending, mut notes) = match self.replan_if_needed((stack, work), pending, cause, (session, port))
        {
            Ok(renewed) => renewed,
            Err(ended) => return *ended,
        };
        let renewed = self.as_planned(stack, work);
        let work = &*renewed;
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
        match Self::before_apply(was_clean, work, session, port) {
            Ok(said) => notes.extend(said),
            Err(ended) => return *ended,
        }
        if let Err(error) = work.note_applied_by(self.run.as_str()) {
            let summary = format!("cannot note who applies `{stack}`: {error}");
            return Ended {
                notes,
                ..Ended::new(Outcome::Failed(Failure::new(FailureKind::Unknown, summary)))
            };
        }
        // A failed apply may have changed the outputs too.
        self.upstreams.applied(stack);
        let is_deferring = pending.manifest.as_ref().is_some_and(Manifest::is_incomplete);
        let mut ended = match work.engine.apply(&work.target, &pending.file, session) {
            Ok(applied) => {
                lock(&self.applied).insert(stack.clone());
                // Plans that were made after an apply of an earlier run only know the outputs of that one.
                for seen in lock(&self.seen).values_mut() {
                    seen.remove(stack);
                }
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
        &self,
        (stack, work): (&StackId, &Work),
        pending: PendingPlan,
        is_renewed: bool,
        session: &Session<'_>,
    ) -> Result<PendingPlan, Box<Outcome>> {
        let Some(manifest) = &pending.manifest else { return Ok(pending) };
        let failed = |failure| Box::new(Outcome::Failed(failure));
        let other = |mismatch: &Mismatch| Err(Box::new(Outcome::Refused(refusal(mismatch))));
        if let Some(mismatch) = self.mismatch(work, &pending, Check::Initialised).map_err(failed)? {
            lock(&self.pending).insert(stack.clone(), pending);
            return other(&mismatch);
        }
        // A stack that is planned again gets the values of its unit then.
        if !is_renewed || self.options.mode == PlanMode::Destroy {
            let effective_init = effective_init(work).map_err(failed)?;
            self.refuse_other_unit_values((work, &effective_init), manifest, session)?;
        }
        let [begun, _] = self.dir.begun_plans(stack);
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

    /// Returns a dependency that was applied with changes since this stack was planned.
    fn cause(&self, stack: &StackId, work: &Work) -> Option<StackId> {
        let (applied, seen) = (lock(&self.applied), lock(&self.seen));
        let seen = seen.get(stack);
        let fresh = |need: &&StackId| applied.contains(*need) && seen.is_none_or(|s| !s.contains(*need));
        work.needs.iter().find(fresh).cloned()
    }

    /// Returns the plan to apply: a new one if a dependency was applied with changes meanwhile, or if the plan used values
    /// that were not known. A new plan must be within the confirmed changes.
    fn replan_if_needed(
        &self,
        (stack, work): (&StackId, &Work),
        confirmed: PendingPlan,
        cause: Option<StackId>,
        (session, port): (&Session<'_>, &dyn StepHandle),
    ) -> Result<(PendingPlan, Vec<String>), Box<Ended>> {
        if self.options.mode == PlanMode::Destroy || (cause.is_none() && !confirmed.is_provisional()) {
            return Ok((confirmed, Vec::new()));
        }
        let [_, file] = self.dir.begun_plans(stack);
        // The confirmed plan is no longer needed, even if the new plan fails.
        let leftover = removed(&confirmed.file);
        let end = |mut ended: Ended| {
            ended.notes.extend(leftover.iter().cloned().chain(removed(&file)));
            Err(Box::new(ended))
        };
        let mut hooked = match with_hooks::run(Moment::BeforePlan, work, session, port) {
            Ok(said) => said,
            Err(ended) => return end(*ended),
        };
        let Wired { work, notes: told, .. } = match self.wired(stack, work, Take::Planned, session) {
            Ok(wired) => wired,
            Err(ended) => return end(*ended),
        };
        let work = &*work;
        hooked.extend(told);
        let before = match Self::before(work) {
            Ok(before) => before,
            Err(failure) => return end(Ended::new(Outcome::Failed(failure))),
        };
        let applied = lock(&self.applied).clone();
        lock(&self.seen).insert(stack.clone(), applied);
        // Only the plan is retried; the apply is not.
        let request = self.request(work, file.clone());
        let tried = attempt(&self.runner, session, || {
            let planned = work.engine.plan(&work.target, &request, session)?;
            self.verify_plan((work, &file), planned, session)
        });
        let planned = match tried.result {
            Ok(planned) => planned,
            Err(error) => return end(unprepared(error, work)),
        };
        match with_hooks::run(Moment::AfterPlan, work, session, port) {
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
        let now = seen.as_ref().map_or_else(KnownValues::default, |_| self.keyed(&planned.known));
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
        let manifest = match self.bind((stack, work), before, &planned, (&file, session)) {
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
        match self.mismatch(work, &pending, Check::Initialised) {
            Ok(None) => Ok((pending, notes)),
            Ok(Some(mismatch)) => refuse(refusal(&mismatch)),
            Err(failure) => end(Ended::new(Outcome::Failed(failure))),
        }
    }

    /// Returns the planned stacks that must not be applied, with the reason; checked before the first apply.
    pub(in crate::executor) fn unfit(&self, stacks: &[StackId]) -> Vec<(StackId, Outcome)> {
        let unfit = |stack: &StackId| {
            let (work, pending) = (self.work.get(stack)?, lock(&self.pending).get(stack).cloned()?);
            if !pending.changes.is_empty()
                && let Err(outcome) = unkept(work)
            {
                return Some((stack.clone(), *outcome));
            }
            let work = self.as_planned(stack, work);
            match self.mismatch(&work, &pending, Check::Initialised) {
                Ok(None) => Some((stack.clone(), self.other_unit_values((stack, &work), &pending)?)),
                Ok(Some(mismatch)) => Some((stack.clone(), Outcome::Refused(refusal(&mismatch)))),
                Err(failure) => Some((stack.clone(), Outcome::Failed(failure))),
            }
        };
        stacks.iter().filter_map(unfit).collect()
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
