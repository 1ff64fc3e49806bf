//! One run over one environment: rounds of plan, review, gate and apply, on the stacks of a graph.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    num::NonZeroUsize,
    sync::Arc,
};

use super::{DispatchError, Dispatcher, Limits, Step, StepRunner, worker::Worker};
use crate::{
    event::{EventKind, StepKind},
    graph::StackGraph,
    model::{EngineName, EnvName, Outcome, StackId},
    plans::{Review, ReviewStack},
};

/// What a run does with its stacks, apart from how each engine does it.
pub struct Deployment {
    dispatcher: Dispatcher,
    worker: Arc<Worker>,
    graph: StackGraph,
    environment: EnvName,
    destroy: bool,
    limits: Limits,
    engines: HashMap<StackId, EngineName>,
}

/// What a deployment is made of.
pub struct Parts {
    /// The emitter of the run; the run has started.
    pub dispatcher: Dispatcher,
    /// What does a step.
    pub worker: Arc<Worker>,
    /// The selected stacks.
    pub graph: StackGraph,
    /// Where.
    pub environment: EnvName,
    /// Whether everything is to be destroyed, in reverse order.
    pub destroy: bool,
    /// Steps at once.
    pub jobs: NonZeroUsize,
    /// Steps at once of one engine.
    pub engine_jobs: BTreeMap<EngineName, NonZeroUsize>,
    /// The engine of each stack.
    pub engines: HashMap<StackId, EngineName>,
    /// Whether the first failure keeps all else from starting.
    pub fail_fast: bool,
}

impl From<Parts> for Deployment {
    fn from(parts: Parts) -> Self {
        let classes =
            parts.engine_jobs.into_iter().map(|(engine, jobs)| (Arc::from(engine.as_str()), jobs)).collect();
        Self {
            dispatcher: parts.dispatcher,
            worker: parts.worker,
            graph: parts.graph,
            environment: parts.environment,
            destroy: parts.destroy,
            limits: Limits { jobs: parts.jobs, classes, fail_fast: parts.fail_fast },
            engines: parts.engines,
        }
    }
}

impl Deployment {
    /// The emitter of the run.
    pub fn dispatcher(&mut self) -> &mut Dispatcher {
        &mut self.dispatcher
    }

    /// The same run, once it needs nothing but its end.
    pub fn into_dispatcher(self) -> Dispatcher {
        self.dispatcher
    }

    /// All stacks, in dependency order.
    pub fn stacks(&self) -> Vec<StackId> {
        self.graph.order()
    }

    /// Plans these stacks, and waits until each has ended.
    pub fn plan(&mut self, stacks: &[StackId]) -> Result<(), DispatchError> {
        self.round(StepKind::Plan, stacks)
    }

    /// Applies what was planned, in order. Stacks without changes are left alone, unless one that they depend on is
    /// applied: then they may have changes after all.
    pub fn apply(&mut self) -> Result<(), DispatchError> {
        let changed: Vec<StackId> = self
            .dispatcher
            .outcomes()
            .iter()
            .filter(|(_, outcome)| matches!(outcome, Outcome::Changed(_)))
            .map(|(stack, _)| stack.clone())
            .collect();
        let mut wanted: BTreeSet<StackId> = changed.iter().cloned().collect();
        if !self.destroy {
            let planned_clean =
                |stack: &StackId| self.dispatcher.outcomes().get(stack) == Some(&Outcome::Clean);
            wanted.extend(self.graph.dependents(&changed).into_iter().filter(planned_clean));
        }
        let stacks: Vec<StackId> = self.graph.order().into_iter().filter(|s| wanted.contains(s)).collect();
        self.round(StepKind::Apply, &stacks)
    }

    /// The stacks that could not be planned before others were applied, and now can, in dependency order.
    pub fn due(&self) -> Vec<StackId> {
        let outcomes = self.dispatcher.outcomes();
        let deferred = |stack: &StackId| match outcomes.get(stack) {
            Some(Outcome::Deferred { because }) => matches!(outcomes.get(because), Some(Outcome::Applied(_))),
            _ => false,
        };
        self.graph.order().into_iter().filter(deferred).collect()
    }

    /// What the plans of these stacks would do.
    pub fn review(&self, stacks: &[StackId]) -> Review {
        let report = self.dispatcher.report();
        let stacks = stacks.iter().cloned().filter_map(|stack| {
            let outcome = self.dispatcher.outcomes().get(&stack)?.clone();
            let reported = report.as_ref().and_then(|r| r.stacks.iter().find(|s| s.stack == stack));
            let diff = match outcome {
                Outcome::Changed(_) => self.worker.diff(&stack),
                _ => String::new(),
            };
            Some(ReviewStack {
                diff,
                tentative: reported.is_some_and(|r| r.tentative),
                notes: reported.map(|r| r.notes.clone()).unwrap_or_default(),
                stack,
                outcome,
            })
        });
        Review { environment: self.environment.clone(), destroy: self.destroy, stacks: stacks.collect() }
    }

    /// Says that everything is planned, with the digest of the review.
    pub fn reviewed(&mut self, review: &Review) -> Result<(), DispatchError> {
        self.dispatcher.emit(EventKind::Reviewed { digest: review.digest(), totals: review.totals() })
    }

    /// The stacks that one more round of plan, review and gate could bring on: those whose new plan went beyond the
    /// confirmed one, and those that were skipped because of them.
    pub fn unsettled(&self) -> Vec<StackId> {
        let beyond = |outcome: &Outcome| match outcome {
            Outcome::Refused(blocks) => blocks.iter().all(|b| b.guard == "replan"),
            _ => false,
        };
        let outcomes = self.dispatcher.outcomes();
        let refused: Vec<StackId> =
            outcomes.iter().filter(|(_, o)| beyond(o)).map(|(stack, _)| stack.clone()).collect();
        let skipped = |stack: &StackId| matches!(outcomes.get(stack), Some(Outcome::Skipped { .. }));
        let mut found: BTreeSet<StackId> = refused.iter().cloned().collect();
        found.extend(self.graph.dependents(&refused).into_iter().filter(skipped));
        self.graph.order().into_iter().filter(|s| found.contains(s)).collect()
    }

    /// The stacks that were refused because their workspace does not exist, with those skipped because of them.
    pub fn without_workspace(&self) -> Vec<StackId> {
        let outcomes = self.dispatcher.outcomes();
        let missing = |outcome: &Outcome| match outcome {
            Outcome::Refused(blocks) => blocks.iter().any(|b| b.guard == "workspace"),
            _ => false,
        };
        outcomes.iter().filter(|(_, o)| missing(o)).map(|(stack, _)| stack.clone()).collect()
    }

    /// Plans stacks whose workspace may now be made, and what was skipped because of them.
    pub fn plan_with_workspaces(&mut self, stacks: &[StackId]) -> Result<(), DispatchError> {
        self.worker.allow_workspaces(stacks);
        let outcomes = self.dispatcher.outcomes();
        let mut again: BTreeSet<StackId> = stacks.iter().cloned().collect();
        let skipped: Vec<&StackId> =
            outcomes.iter().filter(|(_, o)| matches!(o, Outcome::Skipped { .. })).map(|(s, _)| s).collect();
        again.extend(skipped.into_iter().cloned());
        let stacks: Vec<StackId> = self.graph.order().into_iter().filter(|s| again.contains(s)).collect();
        self.round(StepKind::Plan, &stacks)
    }

    fn round(&mut self, kind: StepKind, stacks: &[StackId]) -> Result<(), DispatchError> {
        let graph = self.graph.subgraph(stacks);
        let order = if self.destroy { graph.reverse_order() } else { graph.order() };
        let steps: Vec<Step> = order
            .into_iter()
            .map(|stack| {
                let first =
                    if self.destroy { graph.needed_by(stack.as_str()) } else { graph.needs(stack.as_str()) };
                let classes =
                    self.engines.get(&stack).map(|engine| Arc::from(engine.as_str())).into_iter().collect();
                Step { classes, ..Step::new(stack, kind, first) }
            })
            .collect();
        let runner: Arc<dyn StepRunner> = Arc::clone(&self.worker) as Arc<dyn StepRunner>;
        self.dispatcher.run(&steps, &self.limits, &runner)?;
        Ok(())
    }
}
