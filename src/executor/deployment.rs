//! Run over one environment: rounds of plan, review, gate and apply over a graph of stacks.

mod estimates;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    num::NonZeroUsize,
    sync::Arc,
};

use super::{DispatchError, Dispatcher, Limits, PriorResult, StackRuns, StepRunner, step::worker::Worker};
use crate::{
    event::{EventKind, StepKind},
    graph::StackGraph,
    journal::Durations,
    model::{Blocked, EngineName, EnvName, Guard, InstanceId, Outcome, SkipReason, StackId},
    plans::{Review, ReviewStack},
};

/// Order of a run's steps and rounds, independent of how an engine does a step.
pub struct Deployment {
    dispatcher: Dispatcher,
    worker: Arc<Worker>,
    graph: StackGraph,
    environment: EnvName,
    destroy: bool,
    limits: Limits,
    engines: HashMap<StackId, Vec<EngineName>>,
    durations: Durations,
    eta: bool,
}

/// Arguments of a new [`Deployment`].
pub struct DeploymentParts {
    /// Emitter of the run's events; the run has started.
    pub dispatcher: Dispatcher,
    /// Worker that runs the steps.
    pub worker: Arc<Worker>,
    /// Graph of the selected stacks.
    pub graph: StackGraph,
    /// Environment of the run.
    pub environment: EnvName,
    /// True if all resources are destroyed, in reverse order.
    pub destroy: bool,
    /// Maximum number of steps at the same time.
    pub jobs: NonZeroUsize,
    /// Maximum number of steps of one engine at the same time.
    pub engine_jobs: BTreeMap<EngineName, NonZeroUsize>,
    /// Engines that run for each stack.
    pub engines: HashMap<StackId, Vec<EngineName>>,
    /// True if no step starts after the first failure.
    pub fail_fast: bool,
    /// Durations of steps in earlier runs.
    pub durations: Durations,
    /// True if an estimate is printed even when no duration is known (`--eta`).
    pub eta: bool,
}

impl From<DeploymentParts> for Deployment {
    fn from(parts: DeploymentParts) -> Self {
        let classes =
            parts.engine_jobs.into_iter().map(|(engine, jobs)| (Arc::from(engine.as_str()), jobs)).collect();
        let mut dispatcher = parts.dispatcher;
        dispatcher.stack_runs = StackRuns::new(&parts.graph);
        Self {
            dispatcher,
            worker: parts.worker,
            graph: parts.graph,
            environment: parts.environment,
            destroy: parts.destroy,
            limits: Limits { jobs: parts.jobs, classes, fail_fast: parts.fail_fast },
            engines: parts.engines,
            durations: parts.durations,
            eta: parts.eta,
        }
    }
}

impl Deployment {
    /// Returns the dispatcher, which emits the events of the run.
    pub fn dispatcher(&mut self) -> &mut Dispatcher {
        &mut self.dispatcher
    }

    /// Returns the dispatcher of the run, which emits the last event.
    pub fn into_dispatcher(self) -> Dispatcher {
        self.dispatcher
    }

    /// Returns all stacks, in dependency order.
    pub fn stacks(&self) -> Vec<StackId> {
        self.graph.order()
    }

    /// Returns the graph of the selected stacks.
    pub fn graph(&self) -> &StackGraph {
        &self.graph
    }

    /// Returns the stacks whose outputs were replaced by mocks in the plan of a stack, as far as that is known.
    pub fn stacks_mocked_for(&self, stack: &StackId) -> Vec<StackId> {
        self.dispatcher.stack_runs.stacks_mocked_for(stack)
    }

    /// Plans these stacks, and waits until each step has ended.
    pub fn plan(&mut self, stacks: &[StackId]) -> Result<(), DispatchError> {
        self.emit_estimate(StepKind::Plan, stacks)?;
        self.run_round(StepKind::Plan, stacks)
    }

    /// Compares the inputs that all plans are bound to before the first plan is applied, and refuses plans whose inputs
    /// changed. Returns true if any was refused.
    pub fn refuse_changed_inputs(&mut self) -> Result<bool, DispatchError> {
        let outcomes = self.dispatcher.outcomes().iter();
        let changed: Vec<StackId> = outcomes
            .filter(|(_, outcome)| matches!(outcome, Outcome::Changed(_)))
            .map(|(stack, _)| stack.clone())
            .collect();
        let refused = self.worker.refusals_before_apply(&self.dispatcher.stack_runs, &changed);
        let any = !refused.is_empty();
        for (stack, outcome) in refused {
            self.dispatcher.emit(EventKind::StackSkipped { stack, outcome })?;
        }
        Ok(any)
    }

    /// Adopts the result of an earlier run for a stack, in place of its next plan.
    pub fn adopt(&mut self, stack: StackId, earlier: PriorResult) {
        self.dispatcher.stack_runs.adopt(stack, earlier);
    }

    /// Applies the plans, in dependency order. Stacks without changes are skipped, unless a stack that they depend on is
    /// applied: its new outputs may lead to changes.
    pub fn apply(&mut self) -> Result<(), DispatchError> {
        let stacks = self.stacks_to_apply();
        self.run_round(StepKind::Apply, &stacks)
    }

    /// Returns the stacks that an apply takes, in dependency order.
    fn stacks_to_apply(&self) -> Vec<StackId> {
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
        self.graph.order().into_iter().filter(|stack| wanted.contains(stack)).collect()
    }

    /// Returns the deferred stacks that can be planned now that other stacks were applied, in dependency order.
    pub fn plannable_stacks(&self) -> Vec<StackId> {
        self.with_completed_dependencies(|outcome| matches!(outcome, Outcome::Deferred { .. }))
    }

    /// Returns the review of the plans of these stacks.
    pub fn review(&self, stacks: &[StackId]) -> Review {
        let (report, stack_runs) = (self.dispatcher.report(), &self.dispatcher.stack_runs);
        let stacks = stacks.iter().cloned().filter_map(|stack| {
            let outcome = self.dispatcher.outcomes().get(&stack)?.clone();
            let reported = report.as_ref().and_then(|r| r.stacks.iter().find(|s| s.stack == stack));
            let diff = match outcome {
                Outcome::Changed(_) => stack_runs.diff(&stack),
                _ => String::new(),
            };
            Some(ReviewStack {
                state: stack_runs.reviewed_state(&stack).unwrap_or_default(),
                diff,
                tentative: reported.is_some_and(|r| r.tentative),
                incomplete: reported.is_some_and(|r| r.incomplete),
                planned_at: stack_runs.planned_at(&stack).or_else(|| self.dispatcher.planned_at(&stack)),
                notes: reported.map(|r| r.notes.clone()).unwrap_or_default(),
                ..ReviewStack::new(stack, outcome)
            })
        });
        Review { environment: self.environment.clone(), destroy: self.destroy, stacks: stacks.collect() }
    }

    /// Reports that the plans of a round are complete, with the digest of the review and the refusals of guards.
    pub fn report_review(
        &mut self,
        round: u32,
        review: &Review,
        blocked: &[Blocked],
    ) -> Result<(), DispatchError> {
        self.dispatcher.emit(EventKind::Reviewed {
            round,
            digest: review.digest(),
            totals: review.totals(),
            blocked: blocked.to_vec(),
        })?;
        if review.unplanned_stacks().next().is_some() {
            return Ok(());
        }
        let stacks = self.stacks_to_apply();
        self.emit_estimate(StepKind::Apply, &stacks)
    }

    /// Returns true if a new plan of any stack exceeds the confirmed one.
    pub fn has_plan_beyond_confirmed(&self) -> bool {
        self.dispatcher.outcomes().values().any(Outcome::is_beyond_confirmed)
    }

    /// Returns the stacks that another round of plan, review and gate could complete: stacks whose new plan exceeds the
    /// confirmed one, stacks that wait for them, and deferred stacks whose dependencies are applied.
    pub fn stacks_needing_confirmation(&self) -> Vec<StackId> {
        self.with_completed_dependencies(|outcome| {
            outcome.is_beyond_confirmed()
                || matches!(outcome, Outcome::Deferred { .. })
                || outcome.is_left_undone()
        })
    }

    /// Returns the instances whose states only an exception of `--allow` accepted.
    pub fn accepted_states(&self) -> Vec<InstanceId> {
        self.worker.accepted_states()
    }

    /// Returns the stacks that were refused because their workspace does not exist.
    pub fn stacks_without_workspace(&self) -> Vec<StackId> {
        let outcomes = self.dispatcher.outcomes();
        outcomes.iter().filter(|(_, o)| lacks_workspace(o)).map(|(stack, _)| stack.clone()).collect()
    }

    /// Plans stacks whose workspace may now be created, and stacks that were skipped only because of these.
    pub fn plan_with_workspaces(&mut self, stacks: &[StackId]) -> Result<(), DispatchError> {
        self.dispatcher.stack_runs.allow_workspaces(stacks);
        let again =
            self.with_completed_dependencies(|outcome| lacks_workspace(outcome) || outcome.is_left_undone());
        self.run_round(StepKind::Plan, &again)
    }

    /// Skips the stacks that are still deferred: a stack that they wait for did not succeed.
    pub fn skip_deferred(&mut self) -> Result<(), DispatchError> {
        let outcomes = self.dispatcher.outcomes();
        let left: Vec<_> = outcomes
            .iter()
            .filter_map(|(stack, outcome)| match outcome {
                Outcome::Deferred { because } => Some((stack.clone(), because.clone())),
                _ => None,
            })
            .collect();
        for (stack, because) in left {
            let outcome = Outcome::Skipped { because: SkipReason::Dependency(because) };
            self.dispatcher.emit(EventKind::StackSkipped { stack, outcome })?;
        }
        Ok(())
    }

    /// Returns the stacks with such an outcome whose dependencies have succeeded or are in the result as well, in
    /// dependency order. Empty after a failure with `--fail-fast`.
    fn with_completed_dependencies(&self, wanted: impl Fn(&Outcome) -> bool) -> Vec<StackId> {
        let outcomes = self.dispatcher.outcomes();
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
        if self.limits.fail_fast && outcomes.values().any(failed) {
            return Vec::new();
        }
        let order = if self.destroy { self.graph.reverse_order() } else { self.graph.order() };
        let mut found: Vec<StackId> = Vec::new();
        for stack in order {
            let predecessors = self.predecessors(&self.graph, &stack);
            let met = |need: &StackId| found.contains(need) || outcomes.get(need).is_some_and(succeeded);
            if outcomes.get(&stack).is_some_and(&wanted) && predecessors.iter().all(met) {
                found.push(stack);
            }
        }
        found
    }

    /// Returns the direct predecessors of a stack: its dependencies, or in a destroy run its dependents.
    fn predecessors(&self, graph: &StackGraph, stack: &StackId) -> Vec<StackId> {
        if self.destroy { graph.needed_by(stack.as_str()) } else { graph.needs(stack.as_str()) }
    }

    fn run_round(&mut self, kind: StepKind, stacks: &[StackId]) -> Result<(), DispatchError> {
        let steps = self.weighted_steps(kind, stacks).steps;
        let runner: Arc<dyn StepRunner> = Arc::clone(&self.worker) as Arc<dyn StepRunner>;
        self.dispatcher.run(&steps, &self.limits, &runner)?;
        Ok(())
    }
}

/// Returns true if stacks that depend on a stack with this outcome may go on.
fn succeeded(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Clean
            | Outcome::Changed(_)
            | Outcome::Applied(_)
            | Outcome::Skipped { because: SkipReason::Excluded(_) }
    )
}

/// Returns true if a stack was refused because its workspace does not exist.
fn lacks_workspace(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(blocks) if blocks.iter().any(|b| b.guard == Guard::Workspace))
}
