//! Steps with the hooks around them.

use super::{
    ended::{Ended, removed},
    hooks::{self, HookError, Moment},
    work::Work,
    worker::Worker,
};
use crate::{
    engine::{Progress, Session},
    event::StepKind,
    executor::{IdentityError, StepHandle, mutex::lock},
    model::{Block, Guard, Outcome, StackId},
};

impl Worker {
    /// Runs a step with the hooks before and after it.
    pub(super) fn step(
        &self,
        (stack, work): (&StackId, &Work),
        step: StepKind,
        (session, port): (&Session<'_>, &dyn StepHandle),
    ) -> Ended {
        let mut ended = match step {
            StepKind::Plan => self.plan_with_hooks(stack, work, session, port),
            StepKind::Apply => self.apply_with_hooks(stack, work, session, port),
        };
        if matches!(ended.outcome, Outcome::Failed(_)) {
            let said = hooks::run(Moment::OnFailure, &work.hooks, &work.target, (session, port));
            ended.notes.extend(said.unwrap_or_else(|error| vec![error.into_note()]));
        }
        ended
    }

    fn plan_with_hooks(
        &self,
        stack: &StackId,
        work: &Work,
        session: &Session<'_>,
        port: &dyn StepHandle,
    ) -> Ended {
        // The plan of an earlier run was made with its own hooks.
        if lock(&self.adopted).contains_key(stack) {
            return self.plan(stack, work, session);
        }
        let before = match run(Moment::BeforePlan, work, session, port) {
            Ok(notes) => notes,
            Err(ended) => return *ended,
        };
        let mut ended = self.plan(stack, work, session);
        ended.notes.splice(0..0, before);
        if !matches!(ended.outcome, Outcome::Clean | Outcome::Changed(_)) {
            return ended;
        }
        match hooks::run(Moment::AfterPlan, &work.hooks, &work.target, (session, port)) {
            Ok(notes) => ended.notes.extend(notes),
            Err(error) => {
                lock(&self.pending).remove(stack);
                ended.notes.extend(ended.plan.take().and_then(|file| removed(&file)));
                ended.outcome = outcome(error);
            }
        }
        ended
    }

    fn apply_with_hooks(
        &self,
        stack: &StackId,
        work: &Work,
        session: &Session<'_>,
        port: &dyn StepHandle,
    ) -> Ended {
        let changes = lock(&self.pending).get(stack).is_some_and(|pending| !pending.changes.is_empty());
        let before = match Self::before_apply(changes, work, session, port) {
            Ok(notes) => notes,
            Err(ended) => return *ended,
        };
        let mut ended = self.apply(stack, work, session, port);
        ended.notes.splice(0..0, before);
        if !matches!(ended.outcome, Outcome::Applied(_)) {
            return ended;
        }
        match hooks::run(Moment::AfterApply, &work.hooks, &work.target, (session, port)) {
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

    /// Runs the hooks before an apply with changes, and checks the identity again.
    pub(super) fn before_apply(
        changes: bool,
        work: &Work,
        session: &Session<'_>,
        port: &dyn StepHandle,
    ) -> Result<Vec<String>, Box<Ended>> {
        if !changes {
            return Ok(Vec::new());
        }
        let notes = run(Moment::BeforeApply, work, session, port)?;
        let Some(identity) = &work.identity else { return Ok(notes) };
        let says = |text| (session.observer)(Progress::Doing(text));
        match identity.ask_again(
            work.plan_inputs.identity.as_deref(),
            &work.target.env,
            session.runner,
            &says,
        ) {
            Ok(()) => Ok(notes),
            Err(IdentityError::Interrupted) => Err(Box::new(Ended::new(Outcome::Interrupted))),
            Err(error) => {
                let block = Block::new(Guard::Identity, error.to_string());
                Err(Box::new(Ended::new(Outcome::Refused(vec![block]))))
            }
        }
    }
}

/// Runs the hooks of one point; returns their notes, or the end of the step if a hook failed.
pub(super) fn run(
    moment: Moment,
    work: &Work,
    session: &Session<'_>,
    port: &dyn StepHandle,
) -> Result<Vec<String>, Box<Ended>> {
    hooks::run(moment, &work.hooks, &work.target, (session, port))
        .map_err(|error| Box::new(Ended::new(outcome(error))))
}

fn outcome(error: HookError) -> Outcome {
    match error {
        HookError::Failed(failure) => Outcome::Failed(failure),
        HookError::Interrupted(_) => Outcome::Interrupted,
    }
}
