//! The apply of one stack: of the confirmed plan, or of a new one within it.

use super::{
    Waiting, Work, Worker,
    ended::{Ended, removed, unprepared},
    lock,
};
use crate::{
    engine::{PlanMode, Session},
    model::{Block, Changes, Outcome, StackId},
    plans,
};

impl Worker {
    pub(super) fn apply(&self, stack: &StackId, work: &Work, session: &Session<'_>) -> Ended {
        // A stack that was planned clean waits with an empty plan: it may no longer be clean once a stack that it
        // depends on was applied.
        let waiting = lock(&self.waiting).remove(stack).unwrap_or_else(|| Waiting {
            file: self.dir.plan(stack),
            changes: Changes::default(),
            tentative: false,
        });
        let (waiting, mut notes) = match self.renewed(stack, work, waiting, session) {
            Ok(renewed) => renewed,
            Err(ended) => return *ended,
        };
        if waiting.changes.is_empty() {
            notes.extend(removed(&waiting.file));
            return Ended { notes, ..Ended::new(Outcome::Clean) };
        }
        let mut ended = match work.engine.apply(&work.target, &waiting.file, session) {
            Ok(applied) => {
                lock(&self.applied).insert(stack.clone());
                let mut ended = Ended::new(Outcome::Applied(waiting.changes));
                ended.exit_code = Some(applied.exit_code);
                ended.notes = applied.notes;
                ended
            }
            Err(error) => unprepared(error, work),
        };
        notes.extend(removed(&waiting.file));
        ended.notes.splice(0..0, notes);
        ended
    }

    /// The plan to apply: planned anew when a stack that this one depends on was applied with changes meanwhile, or when
    /// the plan rested on values that were not known. It must be within what was confirmed.
    fn renewed(
        &self,
        stack: &StackId,
        work: &Work,
        confirmed: Waiting,
        session: &Session<'_>,
    ) -> Result<(Waiting, Vec<String>), Box<Ended>> {
        let cause = {
            let (applied, seen) = (lock(&self.applied), lock(&self.seen));
            let seen = seen.get(stack);
            let fresh = |need: &&StackId| applied.contains(*need) && seen.is_none_or(|s| !s.contains(*need));
            work.needs.iter().find(fresh).cloned()
        };
        if self.wish.mode == PlanMode::Destroy || (cause.is_none() && !confirmed.tentative) {
            return Ok((confirmed, Vec::new()));
        }
        let file = confirmed.file.with_extension("again.tfplan");
        // Whatever comes of the new plan, the confirmed one is of no more use.
        let leftover = removed(&confirmed.file);
        let planned = match work.engine.plan(&work.target, &self.request(work, file.clone()), session) {
            Ok(planned) => planned,
            Err(error) => {
                let mut ended = unprepared(error, work);
                ended.notes.extend(leftover.into_iter().chain(removed(&file)));
                return Err(Box::new(ended));
            }
        };
        let refuse = |blocks: Vec<Block>| {
            let mut ended = Ended::new(Outcome::Refused(blocks));
            ended.notes.extend(leftover.iter().cloned().chain(removed(&file)));
            Err(Box::new(ended))
        };
        if planned.tentative {
            let message = "the plan still rests on values that are not known, so it is not applied";
            return refuse(vec![Block::new("tentative", message)]);
        }
        let beyond = plans::beyond(&confirmed.changes, &planned.changes);
        if !beyond.is_empty() && !self.wish.accept_replans {
            return refuse(beyond.into_iter().map(|line| Block::new("replan", line)).collect());
        }
        let mut notes = vec![match cause {
            Some(need) => format!("planned again, because `{need}` was applied"),
            None => "planned again, because its values were not known before".to_owned(),
        }];
        notes.extend(leftover);
        notes.extend(beyond.into_iter().map(|line| format!("accepted beyond what was confirmed: {line}")));
        Ok((Waiting { file, changes: planned.changes, tentative: false }, notes))
    }
}
