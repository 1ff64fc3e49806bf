//! One run over one environment: rounds of plan, review, gate and apply, on the stacks of a graph.

mod expecting;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    num::NonZeroUsize,
    sync::Arc,
};

use self::expecting::Taken;
use super::{DispatchError, Dispatcher, Earlier, Limits, StepRunner, worker::Worker};
use crate::{
    event::{EventKind, StepKind},
    graph::StackGraph,
    journal::Durations,
    model::{Blocked, EngineName, EnvName, InstanceId, Outcome, SkipReason, StackId},
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
    engines: HashMap<StackId, Vec<EngineName>>,
    durations: Durations,
    eta: bool,
    /// What an earlier run made of stacks whose plan is not made yet.
    taken: BTreeMap<StackId, Taken>,
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
    /// The engines that run for each stack.
    pub engines: HashMap<StackId, Vec<EngineName>>,
    /// Whether the first failure keeps all else from starting.
    pub fail_fast: bool,
    /// How long the steps of earlier runs took.
    pub durations: Durations,
    /// Whether it is said how long it will probably take even when nothing is known of that.
    pub eta: bool,
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
            durations: parts.durations,
            eta: parts.eta,
            taken: BTreeMap::new(),
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

    /// The selected stacks.
    pub fn graph(&self) -> &StackGraph {
        &self.graph
    }

    /// The stacks that mocks stood for in the plan of one, as far as that is known.
    pub fn mocks_of(&self, stack: &StackId) -> Vec<StackId> {
        self.worker.mocks_of(stack)
    }

    /// Plans these stacks, and waits until each has ended.
    pub fn plan(&mut self, stacks: &[StackId]) -> Result<(), DispatchError> {
        self.expect(StepKind::Plan, stacks)?;
        self.round(StepKind::Plan, stacks)
    }

    /// Compares everything that the plans are bound to before the first of them is applied, and refuses those that do not
    /// fit any more; gives whether there are any.
    pub fn refuse_unfit(&mut self) -> Result<bool, DispatchError> {
        let outcomes = self.dispatcher.outcomes().iter();
        let changed: Vec<StackId> = outcomes
            .filter(|(_, outcome)| matches!(outcome, Outcome::Changed(_)))
            .map(|(stack, _)| stack.clone())
            .collect();
        let unfit = self.worker.unfit(&changed);
        let any = !unfit.is_empty();
        for (stack, outcome) in unfit {
            self.dispatcher.emit(EventKind::StackSkipped { stack, outcome })?;
        }
        Ok(any)
    }

    /// Takes over what an earlier run made of a stack, in the place of its next plan.
    pub fn adopt(&mut self, stack: StackId, earlier: Earlier) {
        self.taken.extend(Taken::of(&earlier).map(|taken| (stack.clone(), taken)));
        self.worker.adopt(stack, earlier);
    }

    /// Applies what was planned, in order. Stacks without changes are left alone, unless one that they depend on is
    /// applied: then they may have changes after all.
    pub fn apply(&mut self) -> Result<(), DispatchError> {
        let stacks = self.to_apply();
        self.round(StepKind::Apply, &stacks)
    }

    /// The stacks that an apply takes, in dependency order.
    fn to_apply(&self) -> Vec<StackId> {
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

    /// The stacks that could not be planned before others were applied, and now can, in dependency order.
    pub fn due(&self) -> Vec<StackId> {
        self.whose_needs_are_met(|outcome| matches!(outcome, Outcome::Deferred { .. }))
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
                place: self.worker.state_place(&stack).unwrap_or_default(),
                diff,
                tentative: reported.is_some_and(|r| r.tentative),
                incomplete: reported.is_some_and(|r| r.incomplete),
                planned_at: self.worker.planned_at(&stack).or_else(|| self.dispatcher.planned_at(&stack)),
                notes: reported.map(|r| r.notes.clone()).unwrap_or_default(),
                ..ReviewStack::new(stack, outcome)
            })
        });
        Review { environment: self.environment.clone(), destroy: self.destroy, stacks: stacks.collect() }
    }

    /// Says that everything is planned, with the digest of the review and what keeps it from being applied.
    pub fn reviewed(
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
        if review.unplanned().next().is_some() {
            return Ok(());
        }
        let stacks = self.to_apply();
        self.expect(StepKind::Apply, &stacks)
    }

    /// Whether a new plan of any stack went beyond what was confirmed.
    pub fn has_unsettled(&self) -> bool {
        self.dispatcher.outcomes().values().any(Outcome::is_beyond_confirmed)
    }

    /// The stacks that one more round of plan, review and gate could bring on: those whose new plan went beyond the
    /// confirmed one, those that wait for them, and those that are due.
    pub fn unsettled(&self) -> Vec<StackId> {
        self.whose_needs_are_met(|outcome| {
            outcome.is_beyond_confirmed()
                || matches!(outcome, Outcome::Deferred { .. })
                || outcome.is_left_undone()
        })
    }

    /// Returns the instances whose states were taken by an exception alone.
    pub fn accepted_states(&self) -> Vec<InstanceId> {
        self.worker.accepted_states()
    }

    /// The stacks that were refused because their workspace does not exist.
    pub fn without_workspace(&self) -> Vec<StackId> {
        let outcomes = self.dispatcher.outcomes();
        outcomes.iter().filter(|(_, o)| lacks_workspace(o)).map(|(stack, _)| stack.clone()).collect()
    }

    /// Plans stacks whose workspace may now be made, and what was skipped because of nothing else.
    pub fn plan_with_workspaces(&mut self, stacks: &[StackId]) -> Result<(), DispatchError> {
        self.worker.allow_workspaces(stacks);
        let again = self.whose_needs_are_met(|outcome| lacks_workspace(outcome) || outcome.is_left_undone());
        self.round(StepKind::Plan, &again)
    }

    /// Deferred stacks that no round could bring on are skipped: what they wait for did not succeed.
    pub fn give_up_deferred(&mut self) -> Result<(), DispatchError> {
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

    /// The stacks with such an outcome whose needs have all succeeded or are among them, in dependency order. None after
    /// a failure that stops everything.
    fn whose_needs_are_met(&self, wanted: impl Fn(&Outcome) -> bool) -> Vec<StackId> {
        let outcomes = self.dispatcher.outcomes();
        let failed = |outcome: &Outcome| matches!(outcome, Outcome::Failed(_));
        if self.limits.fail_fast && outcomes.values().any(failed) {
            return Vec::new();
        }
        let order = if self.destroy { self.graph.reverse_order() } else { self.graph.order() };
        let mut found: Vec<StackId> = Vec::new();
        for stack in order {
            let first = self.first(&self.graph, &stack);
            let met = |need: &StackId| found.contains(need) || outcomes.get(need).is_some_and(succeeded);
            if outcomes.get(&stack).is_some_and(&wanted) && first.iter().all(met) {
                found.push(stack);
            }
        }
        found
    }

    /// What comes right before a stack: what it needs, or for a destruction what needs it.
    fn first(&self, graph: &StackGraph, stack: &StackId) -> Vec<StackId> {
        if self.destroy { graph.needed_by(stack.as_str()) } else { graph.needs(stack.as_str()) }
    }

    fn round(&mut self, kind: StepKind, stacks: &[StackId]) -> Result<(), DispatchError> {
        let steps = self.weighed(kind, stacks).steps;
        if kind == StepKind::Plan {
            self.taken.retain(|stack, _| !stacks.contains(stack));
        }
        let runner: Arc<dyn StepRunner> = Arc::clone(&self.worker) as Arc<dyn StepRunner>;
        self.dispatcher.run(&steps, &self.limits, &runner)?;
        Ok(())
    }
}

fn succeeded(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::Clean
            | Outcome::Changed(_)
            | Outcome::Applied(_)
            | Outcome::Skipped { because: SkipReason::Excluded(_) }
    )
}

fn lacks_workspace(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Refused(blocks) if blocks.iter().any(|b| b.guard == "workspace"))
}
