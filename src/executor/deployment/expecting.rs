//! What a deployment knows of how long its steps will take.

use std::sync::Arc;

use super::Deployment;
use crate::{
    event::{EventKind, StepKind},
    executor::{DispatchError, Earlier, ScheduleError, Step, weighing::Weighed},
    journal::Task,
    model::{Expected, Outcome, StackId},
};

/// What an earlier run spares this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    /// The plan.
    Planned,
    /// Everything.
    Settled,
}

impl Taken {
    /// What an earlier run made of a stack, as far as that saves time.
    pub(super) fn of(earlier: &Earlier) -> Option<Self> {
        match earlier {
            Earlier::Planned(_) | Earlier::Deferred { .. } => Some(Self::Planned),
            Earlier::Clean | Earlier::Applied { .. } => Some(Self::Settled),
            Earlier::Begun => None,
        }
    }
}

impl Deployment {
    /// How long these stacks will probably take, planned, or applied as far as it is known yet that they have to be; none
    /// when there is nothing to do.
    pub fn expected(&self, kind: StepKind, stacks: &[StackId]) -> Result<Option<Expected>, ScheduleError> {
        self.weighed(kind, stacks).expected(&self.limits)
    }

    /// How long what was planned will probably take to be applied; none when there is nothing to do.
    pub fn expected_apply(&self) -> Result<Option<Expected>, ScheduleError> {
        self.expected(StepKind::Apply, &self.to_apply())
    }

    /// Says how long the next steps will probably take, when that is known or was asked for.
    pub(super) fn expect(&mut self, step: StepKind, stacks: &[StackId]) -> Result<(), DispatchError> {
        let task = if step == StepKind::Plan { Task::Plan } else { self.applying() };
        if !self.eta && self.durations.typical(task).is_none() {
            return Ok(());
        }
        match self.expected(step, stacks)? {
            Some(expected) => self.dispatcher.emit(EventKind::Expected { step, expected }),
            None => Ok(()),
        }
    }

    /// The steps of these stacks, in the order that decides ties.
    pub(super) fn weighed(&self, kind: StepKind, stacks: &[StackId]) -> Weighed {
        let graph = self.graph.subgraph(stacks);
        let order = if self.destroy { graph.reverse_order() } else { graph.order() };
        let mut weighed = Weighed::default();
        for stack in order {
            let first = self.first(&graph, &stack);
            let engines = self.engines.get(&stack).into_iter().flatten();
            let classes = engines.map(|engine| Arc::from(engine.as_str())).collect();
            let task = self.task(kind, &stack);
            let step = Step { classes, ..Step::new(stack, kind, first) };
            match task {
                Some(task) => weighed.add(step, task, &self.durations),
                None => weighed.add_idle(step),
            }
        }
        weighed
    }

    /// What a step will have to do; none when that takes no time worth a word.
    fn task(&self, kind: StepKind, stack: &StackId) -> Option<Task> {
        let taken = self.taken.get(stack);
        match kind {
            StepKind::Plan => taken.is_none().then_some(Task::Plan),
            StepKind::Apply if taken == Some(&Taken::Settled) => None,
            // It waits for one that is applied, and may have to be planned again.
            StepKind::Apply if self.dispatcher.outcomes().get(stack) == Some(&Outcome::Clean) => {
                Some(Task::Plan)
            }
            StepKind::Apply => Some(self.applying()),
        }
    }

    fn applying(&self) -> Task {
        if self.destroy { Task::Destroy } else { Task::Apply }
    }
}
