//! Changes of the runs that a resumed run continues: `max_deletes` and `max_changes` count them with its own.

use std::borrow::Cow;

use super::{Allowances, Tally, limits::causes_unallowed_loss};
use crate::{
    config::Guards,
    event::{Decision, Event, EventKind, StepFinished, StepKind},
    model::{Action, Changes, GuardException, NamedResource, Outcome, ResourceChange, StackId},
    plans::Review,
};

/// Changes that earlier runs applied, or began to apply.
///
/// How much a failed or interrupted apply did is not known. A change of its plan that a later plan of the
/// stack lacks counts as done; a change that the later plan has again counts as not done.
#[derive(Debug, Clone, Default)]
pub struct EarlierChanges {
    /// Changes of applies that succeeded.
    done: Vec<EarlierChange>,
    /// Changes of applies that failed or were interrupted, except those that a later plan has again.
    begun: Vec<EarlierChange>,
}

/// Change of an earlier run.
#[derive(Debug, Clone)]
struct EarlierChange {
    stack: StackId,
    change: ResourceChange,
    /// True if an exception (`--allow`) of the earlier run allowed the loss.
    is_allowed: bool,
    /// True if the change counts for `max_changes`. False for a loss whose resource is changed again by a later plan:
    /// both together count as one change.
    is_counted: bool,
}

impl EarlierChange {
    fn is_of(&self, stack: &StackId, other: &ResourceChange) -> bool {
        self.stack == *stack
            && self.change.address == other.address
            && self.change.deposed == other.deposed
            && other.is_change()
    }
}

impl EarlierChanges {
    /// Collects the changes from the events of the runs, oldest run first.
    pub fn of_runs<'e>(runs: impl IntoIterator<Item = &'e [Event]>) -> Self {
        let mut found = Self::default();
        for events in runs {
            let mut run = EarlierRun::default();
            for event in events {
                run.add_event(&event.kind, &mut found);
            }
            run.add_unfinished(&mut found);
        }
        found
    }

    /// Returns the deletes and changes to count in addition to those of a review that is about to be judged.
    pub fn tally(&self, review: &Review, guards: &Guards, allowed: &Allowances) -> Tally {
        let mut tally = Tally::default();
        let is_lost = |earlier: &EarlierChange| {
            !earlier.is_allowed && causes_unallowed_loss(&earlier.stack, &earlier.change, guards, allowed)
        };
        for earlier in &self.done {
            tally.changes += u64::from(earlier.is_counted);
            tally.deletes += u64::from(is_lost(earlier));
        }
        for earlier in &self.begun {
            let again = changes(review, &earlier.stack).find(|change| earlier.is_of(&earlier.stack, change));
            tally.changes += u64::from(earlier.is_counted && again.is_none());
            let is_lost_again = again.is_some_and(|change| change.action.is_destructive());
            tally.deletes += u64::from(!is_lost_again && is_lost(earlier));
        }
        tally
    }

    /// Drops the changes that were counted with a review that the user has now confirmed.
    pub fn drop_confirmed(&mut self, review: &Review) {
        self.done.clear();
        self.begun.retain(|earlier| review.stacks.iter().all(|stack| stack.stack != earlier.stack));
    }

    /// Drops changes of unfinished applies that a later plan of the stack repeats. A loss whose resource that
    /// plan only creates or updates is kept, but counts as no change any more.
    fn drop_replanned(&mut self, stack: &StackId, planned: &Changes) {
        self.begun.retain_mut(|earlier| {
            let again = counted_changes(planned).find(|change| earlier.is_of(stack, change));
            let Some(again) = again else { return true };
            earlier.is_counted = false;
            earlier.change.action.is_destructive() && !again.action.is_destructive()
        });
    }
}

/// State collected from the events of one earlier run.
#[derive(Debug, Default)]
struct EarlierRun {
    planned: Vec<(StackId, Changes)>,
    /// Plans whose applies have started and not succeeded so far.
    begun: Vec<(StackId, Changes)>,
    allowed: Vec<NamedResource>,
}

impl EarlierRun {
    fn add_event(&mut self, kind: &EventKind, found: &mut EarlierChanges) {
        match kind {
            EventKind::Decided(Decision::Confirmed { record, .. }) => {
                let allows = record.allowed.iter().filter_map(|text| text.parse().ok());
                self.allowed.extend(allows.filter_map(|allow| match allow {
                    GuardException::Delete(named) => Some(named),
                    _ => None,
                }));
            }
            // From here on the engine may change resources.
            EventKind::EngineStarted { stack, step: StepKind::Apply, .. } => {
                let place = self.planned.iter().position(|(planned, _)| planned == stack);
                self.begun.extend(place.map(|place| self.planned.swap_remove(place)));
            }
            EventKind::StepFinished(finished) => self.finish_step(finished, found),
            _ => {}
        }
    }

    fn finish_step(&mut self, finished: &StepFinished, found: &mut EarlierChanges) {
        let StepFinished { stack, step, outcome, .. } = finished;
        match (step, outcome) {
            (StepKind::Plan, outcome) => {
                self.planned.retain(|(planned, _)| planned != stack);
                self.planned.extend(outcome.changes().map(|changes| (stack.clone(), changes.clone())));
            }
            (StepKind::Apply, Outcome::Applied(changes)) => {
                self.begun.retain(|(begun, _)| begun != stack);
                found.drop_replanned(stack, changes);
                found.done.extend(self.earlier_changes(stack, changes));
            }
            (StepKind::Apply, Outcome::Clean) => self.begun.retain(|(begun, _)| begun != stack),
            (StepKind::Apply, _) => {}
        }
    }

    /// Adds the applies that did not succeed.
    fn add_unfinished(self, found: &mut EarlierChanges) {
        for (stack, planned) in &self.begun {
            found.drop_replanned(stack, planned);
            found.begun.extend(self.earlier_changes(stack, planned));
        }
    }

    fn earlier_changes(&self, stack: &StackId, changes: &Changes) -> Vec<EarlierChange> {
        let earlier = |change: Cow<'_, ResourceChange>| EarlierChange {
            stack: stack.clone(),
            is_allowed: self.allowed.iter().any(|named| {
                let is_address = named.address == change.address
                    || change.previous_address.as_ref() == Some(&named.address);
                is_address && named.stack.as_ref().is_none_or(|named| named == stack)
            }),
            change: change.into_owned(),
            is_counted: true,
        };
        counted_changes(changes).filter(|change| change.is_change()).map(earlier).collect()
    }
}

/// Returns the changes of a stack in a review, as [`counted_changes`] lists them.
fn changes<'r>(review: &'r Review, stack: &StackId) -> impl Iterator<Item = Cow<'r, ResourceChange>> {
    let stacks = review.stacks.iter().filter(move |reviewed| reviewed.stack == *stack);
    stacks.filter_map(|stack| stack.outcome.changes()).flat_map(counted_changes)
}

/// Returns the changes of a plan that the limits count: its resources, and each invocation of an action as an
/// update of its address.
fn counted_changes(changes: &Changes) -> impl Iterator<Item = Cow<'_, ResourceChange>> {
    let actions = changes.actions.iter();
    let actions =
        actions.map(|action| Cow::Owned(ResourceChange::new(action.address.clone(), Action::Update)));
    changes.resources.iter().map(Cow::Borrowed).chain(actions)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::{
        model::{Failure, FailureKind, GateRecord, ReplaceOrder},
        plans::guards::rig::{invoked, review, stack},
    };

    const REPLACE: Action = Action::Replace(ReplaceOrder::DeleteFirst);

    fn outcome(changes: &[(&str, Action)], made: fn(Changes) -> Outcome) -> Outcome {
        made(stack("app", changes).outcome.changes().cloned().unwrap_or_default())
    }

    fn finished(step: StepKind, outcome: Outcome) -> EventKind {
        EventKind::StepFinished(Box::new(StepFinished::new("app".parse().unwrap(), step, outcome)))
    }

    fn planned(changes: &[(&str, Action)]) -> EventKind {
        finished(StepKind::Plan, outcome(changes, Outcome::Changed))
    }

    fn applied(changes: &[(&str, Action)]) -> EventKind {
        finished(StepKind::Apply, outcome(changes, Outcome::Applied))
    }

    fn failed() -> EventKind {
        finished(StepKind::Apply, Outcome::Failed(Failure::new(FailureKind::Engine, "it broke")))
    }

    fn begun() -> EventKind {
        EventKind::EngineStarted {
            stack: "app".parse().unwrap(),
            step: StepKind::Apply,
            pid: 1,
            start_time: None,
            boot_id: None,
        }
    }

    fn confirmed(allowed: &[&str]) -> EventKind {
        let record = GateRecord {
            allowed: allowed.iter().map(|text| (*text).to_owned()).collect(),
            ..GateRecord::default()
        };
        EventKind::Decided(Decision::Confirmed { by: "--confirm".to_owned(), record })
    }

    /// Returns the deletes and changes that count in addition to a plan of `app`.
    fn counted(runs: &[Vec<EventKind>], next: &[(&str, Action)]) -> (u64, u64) {
        let event = |kind: &EventKind| Event { seq: 0, at: Timestamp::UNIX_EPOCH, kind: kind.clone() };
        let runs: Vec<Vec<Event>> = runs.iter().map(|run| run.iter().map(event).collect()).collect();
        let earlier = EarlierChanges::of_runs(runs.iter().map(Vec::as_slice));
        let review = review(vec![stack("app", next)]);
        let tally = earlier.tally(&review, &Guards::default(), &Allowances::default());
        (tally.deletes, tally.changes)
    }

    #[test]
    fn applied_changes_count_in_full_and_planned_ones_do_not() {
        let plan = [("a.b", Action::Delete), ("a.c", Action::Create), ("a.read", Action::Read)];
        assert_eq!(counted(&[vec![planned(&plan), begun(), applied(&plan)]], &[]), (1, 2));
        assert_eq!(
            counted(&[vec![planned(&plan), begun(), applied(&plan)]], &[("a.c", Action::Update)]),
            (1, 2)
        );
        assert_eq!(counted(&[vec![planned(&plan)]], &[]), (0, 0));
        assert_eq!(counted(&[vec![planned(&plan), failed()]], &[]), (0, 0), "no engine was started");
        let clean = finished(StepKind::Apply, Outcome::Clean);
        assert_eq!(counted(&[vec![planned(&plan), begun(), clean]], &[]), (0, 0));
    }

    #[test]
    fn a_failed_apply_counts_the_changes_that_are_not_planned_again() {
        let plan = [("a.b", Action::Delete), ("a.c", Action::Create), ("a.d", REPLACE)];
        for run in [vec![planned(&plan), begun(), failed()], vec![planned(&plan), begun()]] {
            assert_eq!(counted(std::slice::from_ref(&run), &plan), (0, 0));
            assert_eq!(counted(std::slice::from_ref(&run), &[("a.c", Action::Create)]), (2, 2));
            // The old object was deleted and the new one was not created.
            assert_eq!(counted(&[run], &[("a.d", Action::Create)]), (2, 2));
        }
    }

    #[test]
    fn invocations_of_actions_in_earlier_runs_count() {
        let of = |made: fn(Changes) -> Outcome| {
            let actions = vec![invoked("action.x_run.warm"), invoked("action.x_run.say")];
            made(Changes { actions, ..Changes::default() })
        };
        let plan = finished(StepKind::Plan, of(Outcome::Changed));
        let done = finished(StepKind::Apply, of(Outcome::Applied));
        assert_eq!(counted(&[vec![plan.clone(), begun(), done]], &[]), (0, 2));
        assert_eq!(counted(&[vec![plan, begun(), failed()]], &[]), (0, 2));
    }

    #[test]
    fn several_runs_count_together_and_each_change_once() {
        let plan = [("a.b", REPLACE), ("a.c", Action::Create), ("a.d", Action::Delete)];
        let first = vec![planned(&plan), begun(), failed()];
        let left = [("a.b", Action::Create), ("a.d", Action::Delete)];
        assert_eq!(counted(&[first.clone(), vec![planned(&left), begun(), failed()]], &left), (1, 1));
        assert_eq!(counted(&[first, vec![planned(&left), begun(), applied(&left)]], &[]), (2, 3));
    }

    #[test]
    fn a_loss_that_an_earlier_run_allowed_is_not_counted() {
        let plan = [("a.b", Action::Delete), ("a.c", Action::Delete)];
        for allow in ["delete:a.b", "delete:app/a.b"] {
            let run = vec![planned(&plan), confirmed(&[allow]), begun(), applied(&plan)];
            assert_eq!(counted(&[run], &[]), (1, 2), "{allow}");
        }
        let other = vec![planned(&plan), confirmed(&["delete:db/a.b", "window"]), begun(), applied(&plan)];
        assert_eq!(counted(&[other], &[]), (2, 2));
    }

    #[test]
    fn a_change_of_a_confirmed_review_is_counted_once() {
        let event = |kind: EventKind| Event { seq: 0, at: Timestamp::UNIX_EPOCH, kind };
        let plan = [("a.b", Action::Delete)];
        let run: Vec<Event> = [planned(&plan), begun(), failed()].map(event).into();
        let mut earlier = EarlierChanges::of_runs([run.as_slice()]);
        let tally = |earlier: &EarlierChanges, review: &Review| {
            earlier.tally(review, &Guards::default(), &Allowances::default())
        };
        let other = review(vec![stack("db", &[("a.b", Action::Create)])]);
        earlier.drop_confirmed(&other);
        assert_eq!(tally(&earlier, &other), Tally { deletes: 1, changes: 1 }, "its stack comes later");
        earlier.drop_confirmed(&review(vec![stack("app", &[])]));
        assert_eq!(tally(&earlier, &other), Tally::default());
    }
}
