//! Remaining work of an unfinished run, from its journal and those of the runs that it resumed. Pure.

use std::collections::BTreeMap;

use crate::{
    event::{Decision, Event, EventKind, StepFinished, StepKind},
    model::{Outcome, RunId, StackId},
};

/// Progress of a stack in an unfinished run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StackProgress {
    /// An apply has succeeded; holds the run that applied the stack.
    Applied(RunId),
    /// Planned without changes, so nothing was applied.
    NoChanges,
    /// Planned with changes; no apply has started.
    Planned,
    /// The stack has to be planned again: the result of its apply is unknown, or its plan is unusable.
    ToReplan,
}

/// Remaining work of one stack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemainingWork {
    /// Progress of the stack.
    pub progress: StackProgress,
    /// True if an apply of the stack was started, so that plans of its dependents may be out of date.
    pub apply_started: bool,
}

/// Remaining work of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Resumption {
    /// True if a user has confirmed a review.
    pub confirmed: bool,
    /// Stacks of the run.
    pub stacks: BTreeMap<StackId, RemainingWork>,
}

/// Reads the remaining work from journals, oldest first: of a run, then of the run that resumed it, and so on.
pub fn resumption<'e>(chain: impl IntoIterator<Item = (&'e RunId, &'e [Event])>) -> Resumption {
    let mut left = Resumption::default();
    for (run, events) in chain {
        for event in events {
            left.add_event(run, &event.kind);
        }
    }
    left
}

impl Resumption {
    fn add_event(&mut self, run: &RunId, kind: &EventKind) {
        match kind {
            EventKind::RunStarted { stacks, .. } => {
                for stack in stacks {
                    self.work_of(&stack.stack);
                }
            }
            EventKind::Decided(Decision::Confirmed { .. }) => self.confirmed = true,
            EventKind::StepStarted { stack, step: StepKind::Apply }
            | EventKind::EngineStarted { stack, step: StepKind::Apply, .. } => {
                *self.work_of(stack) =
                    RemainingWork { progress: StackProgress::ToReplan, apply_started: true };
            }
            EventKind::StepFinished(finished) => self.add_finished_step(run, finished),
            _ => {}
        }
    }

    fn add_finished_step(&mut self, run: &RunId, finished: &StepFinished) {
        let left = self.work_of(&finished.stack);
        let done = matches!(left.progress, StackProgress::Applied(_) | StackProgress::NoChanges);
        left.progress = match (finished.step, &finished.outcome) {
            (StepKind::Apply, Outcome::Applied(_)) => StackProgress::Applied(run.clone()),
            (StepKind::Apply, Outcome::Clean) => StackProgress::NoChanges,
            (StepKind::Plan, Outcome::Changed(_)) => StackProgress::Planned,
            // A resuming run records a finished stack as a clean plan.
            (StepKind::Plan, Outcome::Clean) if done => return,
            _ => StackProgress::ToReplan,
        };
    }

    fn work_of(&mut self, stack: &StackId) -> &mut RemainingWork {
        let unknown = || RemainingWork { progress: StackProgress::ToReplan, apply_started: false };
        self.stacks.entry(stack.clone()).or_insert_with(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::super::fold::tests::{event, run_started};
    use super::*;
    use crate::model::{Changes, Failure, FailureKind};

    fn id(name: &str) -> StackId {
        name.parse().unwrap()
    }

    fn finished(stack: &str, step: StepKind, outcome: Outcome) -> EventKind {
        EventKind::StepFinished(Box::new(StepFinished::new(id(stack), step, outcome)))
    }

    fn began(stack: &str) -> EventKind {
        EventKind::StepStarted { stack: id(stack), step: StepKind::Apply }
    }

    fn changed() -> Outcome {
        Outcome::Changed(Changes::default())
    }

    fn failed() -> Outcome {
        Outcome::Failed(Failure::new(FailureKind::Engine, "it broke"))
    }

    fn run(number: u64, kinds: Vec<EventKind>) -> (RunId, Vec<Event>) {
        let started = std::iter::once(run_started(&["a", "b", "c", "d"]));
        (RunId::new(number, 0), (0..).zip(started.chain(kinds)).map(|(seq, kind)| event(seq, kind)).collect())
    }

    fn left(chain: &[(RunId, Vec<Event>)]) -> Vec<(StackProgress, bool)> {
        let found = resumption(chain.iter().map(|(run, events)| (run, events.as_slice())));
        found.stacks.into_values().map(|left| (left.progress, left.apply_started)).collect()
    }

    #[test]
    fn finished_stacks_stay_and_begun_ones_are_planned_again() {
        let plans = ["a", "b", "c", "d"].map(|stack| finished(stack, StepKind::Plan, changed()));
        let (a, b, c) = (began("a"), began("b"), began("c"));
        let done = finished("a", StepKind::Apply, Outcome::Applied(Changes::default()));
        let broken = finished("b", StepKind::Apply, failed());
        let only = run(1, plans.into_iter().chain([a, done, b, broken, c]).collect());
        let run = only.0.clone();
        let again = (StackProgress::ToReplan, true);
        let expected =
            [(StackProgress::Applied(run), true), again.clone(), again, (StackProgress::Planned, false)];
        assert_eq!(left(&[only]), expected);
    }

    #[test]
    fn a_stack_that_only_its_plan_found_clean_is_planned_again() {
        let clean = finished("b", StepKind::Plan, Outcome::Clean);
        let only = run(1, vec![began("a"), finished("a", StepKind::Apply, Outcome::Clean), clean]);
        let untouched = (StackProgress::ToReplan, false);
        assert_eq!(
            left(&[only]),
            [(StackProgress::NoChanges, true), untouched.clone(), untouched.clone(), untouched]
        );
    }

    #[test]
    fn a_run_that_resumed_another_one_adds_to_it() {
        let first = run(
            1,
            vec![
                finished("c", StepKind::Plan, changed()),
                began("a"),
                finished("a", StepKind::Apply, Outcome::Applied(Changes::default())),
                began("b"),
            ],
        );
        let clean = |stack| finished(stack, StepKind::Plan, Outcome::Clean);
        let second = run(2, vec![clean("a"), clean("b"), finished("c", StepKind::Plan, changed())]);
        let expected = [
            (StackProgress::Applied(first.0.clone()), true),
            (StackProgress::ToReplan, true),
            (StackProgress::Planned, false),
            (StackProgress::ToReplan, false),
        ];
        assert_eq!(left(&[first, second]), expected);
    }

    #[test]
    fn only_a_confirmation_confirms() {
        let (run, events) = run(1, vec![finished("a", StepKind::Plan, changed())]);
        assert!(!resumption([(&run, events.as_slice())]).confirmed);
    }
}
