//! The values that a stack takes from others, brought into its work before each of its plans.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use super::{
    Work, Worker,
    ended::{Ended, unprepared},
    lock,
};
use crate::{
    engine::{EngineError, PlanMode, Session},
    executor::{
        attempts::attempt,
        wiring::{NoValues, Standing},
    },
    model::{Failure, FailureKind, Outcome, StackId},
};

/// Work with all its values, and what to say of them.
pub(super) type Wired<'w> = (Cow<'w, Work>, Vec<String>);

impl Worker {
    /// The work with the values that it takes from other stacks, as they are now.
    pub(super) fn wired<'w>(
        &self,
        stack: &StackId,
        work: &'w Work,
        session: &Session<'_>,
    ) -> Result<Wired<'w>, Box<Ended>> {
        if work.wiring.is_empty() {
            return Ok((Cow::Borrowed(work), Vec::new()));
        }
        let failed = |failure: Failure| Box::new(Ended::new(Outcome::Failed(failure)));
        let mut outputs = HashMap::new();
        let mut notes = Vec::new();
        for source in work.wiring.sources() {
            let tried = attempt(&self.runner, session, || self.upstreams.outputs(&source, session));
            notes.extend(tried.note);
            let read = tried.result.map_err(|error| match error {
                EngineError::Failed(Failure { kind, summary, detail, .. }) => {
                    let summary = format!("cannot read the outputs of `{source}`: {summary}");
                    failed(Failure::new(kind, summary).with_detail(detail))
                }
                error => Box::new(unprepared(error, work)),
            })?;
            outputs.insert(source, read);
        }
        let values = match work.wiring.values(&outputs, &|source| self.standing(source)) {
            Ok(values) => values,
            Err(NoValues::Never(failure)) => return Err(failed(failure)),
            Err(NoValues::Before { need, missing }) => {
                let notes = vec![format!("cannot be planned before `{need}` is applied: {missing}")];
                return Err(Box::new(Ended { notes, ..Ended::new(Outcome::Deferred { because: need }) }));
            }
        };
        let wired = work.wired(&values, self.runner.redactor()).map_err(failed)?;
        notes.extend(values.note());
        lock(&self.wired).insert(stack.clone(), Arc::new(wired.clone()));
        Ok((Cow::Owned(wired), notes))
    }

    /// The work as it was planned last.
    pub(super) fn as_planned<'w>(&self, stack: &StackId, work: &'w Work) -> Cow<'w, Work> {
        let wired = lock(&self.wired).get(stack).cloned();
        wired.map_or(Cow::Borrowed(work), |wired| Cow::Owned(Work::clone(&wired)))
    }

    fn standing(&self, source: &StackId) -> Standing {
        // What is destroyed gets no more outputs, and lost those that it had when it went.
        if self.wish.mode == PlanMode::Destroy || !self.work.contains_key(source) {
            Standing::Elsewhere
        } else if self.is_pending(source) {
            Standing::Pending
        } else {
            Standing::Settled
        }
    }

    /// What keeps a plan with stand-ins from being a plan to destroy: it is never made again.
    pub(super) fn stands_on_nothing(&self, work: &Work) -> Option<Failure> {
        let refuses = self.wish.mode == PlanMode::Destroy && work.mocked;
        refuses.then(|| {
            let summary = "it would be destroyed with mocks for outputs that do not exist";
            Failure::new(FailureKind::Config, summary)
        })
    }
}
