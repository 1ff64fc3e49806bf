//! Estimates of how long the steps of a deployment take.

use std::sync::Arc;

use super::Deployment;
use crate::{
    event::{EventKind, StepKind},
    executor::{DispatchError, PriorResult, ScheduleError, Step, step_durations::WeightedSteps},
    journal::Task,
    model::{Expected, Outcome, StackId},
};

/// Steps of a stack that an earlier run has done already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AdoptedWork {
    /// The earlier run made the plan.
    Planned,
    /// The earlier run planned and applied the stack, or its plan had no changes.
    PlannedAndApplied,
}

impl AdoptedWork {
    /// Returns the part that an earlier run's result saves; `None` if it saves no time.
    pub(super) fn from_prior_result(earlier: &PriorResult) -> Option<Self> {
        match earlier {
            PriorResult::Planned(_) | PriorResult::Deferred { .. } => Some(Self::Planned),
            PriorResult::Clean | PriorResult::Applied { .. } => Some(Self::PlannedAndApplied),
            PriorResult::Begun => None,
        }
    }
}

impl Deployment {
    /// Returns the estimated duration of a plan or an apply of these stacks; `None` when there is nothing to do. Stacks
    /// that may turn out to need an apply are not counted.
    pub fn expected(&self, kind: StepKind, stacks: &[StackId]) -> Result<Option<Expected>, ScheduleError> {
        self.weighted_steps(kind, stacks).expected(&self.limits)
    }

    /// Returns the estimated duration of the apply of the current plans; `None` when there is nothing to do.
    pub fn expected_apply(&self) -> Result<Option<Expected>, ScheduleError> {
        self.expected(StepKind::Apply, &self.stacks_to_apply())
    }

    /// Emits the estimated duration of the next steps, if any duration is known or `--eta` was given.
    pub(super) fn emit_estimate(&mut self, step: StepKind, stacks: &[StackId]) -> Result<(), DispatchError> {
        let task = if step == StepKind::Plan { Task::Plan } else { self.apply_task() };
        if !self.eta && self.durations.overall_median(task).is_none() {
            return Ok(());
        }
        match self.expected(step, stacks)? {
            Some(expected) => self.dispatcher.emit(EventKind::Expected { step, expected }),
            None => Ok(()),
        }
    }

    /// Returns the steps of these stacks with their estimated durations. Their order decides ties in the scheduler.
    pub(super) fn weighted_steps(&self, kind: StepKind, stacks: &[StackId]) -> WeightedSteps {
        let graph = self.graph.subgraph(stacks);
        let order = if self.destroy { graph.reverse_order() } else { graph.order() };
        let mut weighed = WeightedSteps::default();
        for stack in order {
            let predecessors = self.predecessors(&graph, &stack);
            let engines = self.engines.get(&stack).into_iter().flatten();
            let classes = engines.map(|engine| Arc::from(engine.as_str())).collect();
            let task = self.task(kind, &stack);
            let step = Step { classes, ..Step::new(stack, kind, predecessors) };
            match task {
                Some(task) => weighed.add(step, task, &self.durations),
                None => weighed.add_idle(step),
            }
        }
        weighed
    }

    /// Returns the kind of task whose duration a step has; `None` when the step takes no noticeable time.
    fn task(&self, kind: StepKind, stack: &StackId) -> Option<Task> {
        let adopted = self.dispatcher.stack_runs.prior_result(stack).and_then(AdoptedWork::from_prior_result);
        match kind {
            StepKind::Plan => adopted.is_none().then_some(Task::Plan),
            StepKind::Apply if adopted == Some(AdoptedWork::PlannedAndApplied) => None,
            // The stack depends on an applied one and may have to be planned again.
            StepKind::Apply if self.dispatcher.outcomes().get(stack) == Some(&Outcome::Clean) => {
                Some(Task::Plan)
            }
            StepKind::Apply => Some(self.apply_task()),
        }
    }

    fn apply_task(&self) -> Task {
        if self.destroy { Task::Destroy } else { Task::Apply }
    }
}
