//! State of each stack in a run. The dispatcher owns it, moves it into the stack's step, and takes it back at its end.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use jiff::Timestamp;

use super::{
    PriorResult,
    step::{
        outputs::upstream_output::PlannedOutputs,
        ready_stack::{PendingPlan, ReadyStack},
    },
};
use crate::{graph::StackGraph, model::StackId, plans::ReviewedState};

/// State of one stack in a run: the results of its steps so far.
#[derive(Default)]
pub struct StackRun {
    /// Result of an earlier run that the next plan step adopts.
    pub(super) prior_result: Option<PriorResult>,
    /// Plan that waits for its apply.
    pub(super) pending: Option<PendingPlan>,
    /// Outputs after the last plan is applied; `None` if they are not known.
    pub(super) planned_outputs: Option<Arc<PlannedOutputs>>,
    /// Diff that the engine printed for the last plan; empty for a clean plan.
    pub(super) diff: String,
    /// Stack with the input values of its last plan; `None` if its variables take no outputs of other stacks.
    pub(super) stack_with_inputs: Option<Arc<ReadyStack>>,
    /// Stacks that were applied already when the last plan was made.
    pub(super) applied_at_plan: BTreeSet<StackId>,
    /// True if the last plan uses outputs that will change.
    pub(super) is_provisional: bool,
    /// True if the user allowed envctl to create the missing workspace of the stack.
    pub(super) may_create_workspace: bool,
}

impl StackRun {
    /// Returns the workspace and state address that the pending plan would change.
    fn reviewed_state(&self) -> Option<ReviewedState> {
        let manifest = self.pending.as_ref()?.manifest.as_ref()?;
        let workspace = manifest.items.get("workspace").unwrap_or("default").to_owned();
        Some(ReviewedState { workspace, address: manifest.reviewed_address.clone() })
    }
}

/// Plan of a dependency, as a step of a dependent stack sees it.
#[derive(Debug, Clone, Default)]
pub(super) struct DependencyPlan {
    /// True if a plan with changes waits for its apply.
    pub(super) is_pending: bool,
    /// Names of the outputs that this plan changes.
    pub(super) changed_outputs: BTreeSet<String>,
    /// Outputs after the plan is applied; `None` if they are not known.
    pub(super) planned_outputs: Option<Arc<PlannedOutputs>>,
    /// True if the plan uses outputs that will change.
    pub(super) is_provisional: bool,
}

impl DependencyPlan {
    fn from_stack_run(run: &StackRun) -> Self {
        let changes = run.pending.as_ref().map(|pending| &pending.changes);
        let outputs = changes.into_iter().flat_map(|changes| &changes.outputs);
        Self {
            is_pending: run.pending.is_some(),
            changed_outputs: outputs.map(|output| output.name.clone()).collect(),
            planned_outputs: run.planned_outputs.clone(),
            is_provisional: run.is_provisional,
        }
    }
}

/// Input of a step: the state of its stack, and the results of other stacks that it depends on.
#[derive(Default)]
pub struct StepInput {
    /// State of the stack, which the step changes and hands back.
    pub(super) stack_run: StackRun,
    /// Plans of the stack's direct dependencies in the run.
    pub(super) dependencies: BTreeMap<StackId, DependencyPlan>,
    /// Stacks that this run, or the run that it resumes, has applied.
    pub(super) applied: BTreeSet<StackId>,
}

/// States of all stacks of a run.
#[derive(Default)]
pub struct StackRuns {
    stacks: HashMap<StackId, StackRun>,
    needs: HashMap<StackId, Vec<StackId>>,
    applied: BTreeSet<StackId>,
}

impl StackRuns {
    /// Returns the states of these stacks before their first step.
    pub fn new(graph: &StackGraph) -> Self {
        let needs = graph.order().into_iter().map(|stack| {
            let needs = graph.needs(stack.as_str());
            (stack, needs)
        });
        Self { needs: needs.collect(), ..Self::default() }
    }

    /// Moves the state of a stack into its next step. No dependency of the stack has a running step at that time.
    pub(super) fn begin_step(&mut self, stack: &StackId) -> StepInput {
        let needs = self.needs.get(stack).into_iter().flatten();
        let plan =
            |need: &StackId| self.stacks.get(need).map(DependencyPlan::from_stack_run).unwrap_or_default();
        StepInput {
            dependencies: needs.map(|need| (need.clone(), plan(need))).collect(),
            applied: self.applied.clone(),
            stack_run: self.stacks.remove(stack).unwrap_or_default(),
        }
    }

    /// Takes the state of a stack back at the end of its step.
    pub(super) fn end_step(&mut self, stack: &StackId, stack_run: StackRun, has_applied: bool) {
        self.stacks.insert(stack.clone(), stack_run);
        if has_applied {
            self.applied.insert(stack.clone());
            // Plans that were made after an apply of an earlier run only know the outputs of that apply. Dependents of the
            // stack have no step now, so that all of them are here.
            for other in self.stacks.values_mut() {
                other.applied_at_plan.remove(stack);
            }
        }
    }

    /// Adopts the result of an earlier run for a stack: the stack's next plan step uses it and plans nothing. Later
    /// steps plan.
    pub fn adopt(&mut self, stack: StackId, prior: PriorResult) {
        if matches!(prior, PriorResult::Applied { .. } | PriorResult::Begun) {
            self.applied.insert(stack.clone());
        }
        if !matches!(prior, PriorResult::Begun) {
            self.stacks.entry(stack).or_default().prior_result = Some(prior);
        }
    }

    /// Allows the creation of the missing workspaces of these stacks.
    pub fn allow_workspaces(&mut self, stacks: &[StackId]) {
        for stack in stacks {
            self.stacks.entry(stack.clone()).or_default().may_create_workspace = true;
        }
    }

    /// Returns the state of a stack; `None` before its first step.
    pub(super) fn get(&self, stack: &StackId) -> Option<&StackRun> {
        self.stacks.get(stack)
    }

    /// Returns the stacks that this run, or the run that it resumes, has applied.
    pub(super) fn applied(&self) -> &BTreeSet<StackId> {
        &self.applied
    }

    /// Returns the result of an earlier run that the next plan step of a stack adopts.
    pub(super) fn prior_result(&self, stack: &StackId) -> Option<&PriorResult> {
        self.get(stack)?.prior_result.as_ref()
    }

    /// Returns the creation time of the plan that waits for a stack's apply, in this run or an earlier one.
    pub fn planned_at(&self, stack: &StackId) -> Option<Timestamp> {
        Some(self.get(stack)?.pending.as_ref()?.manifest.as_ref()?.created)
    }

    /// Returns the workspace and state address that a waiting plan would change; `None` for a stack without a plan.
    pub fn reviewed_state(&self, stack: &StackId) -> Option<ReviewedState> {
        self.get(stack)?.reviewed_state()
    }

    /// Returns the stacks whose outputs were replaced by mocks of environments.toml in the last plan of a stack.
    pub fn stacks_mocked_for(&self, stack: &StackId) -> Vec<StackId> {
        let with_inputs = self.get(stack).and_then(|run| run.stack_with_inputs.as_ref());
        with_inputs.map(|ready| ready.mocked_stacks.clone()).unwrap_or_default()
    }

    /// Returns the engine's own diff of a planned stack; empty for a clean one.
    pub fn diff(&self, stack: &StackId) -> String {
        self.get(stack).map(|run| run.diff.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        executor::rig::{changes, id},
        graph::StackNode,
        model::{Action, Changes, OutputChange},
    };

    fn runs() -> StackRuns {
        let node = |name: &str, needs: &[&str]| StackNode {
            stack: id(name),
            needs: needs.iter().map(|need| id(need)).collect(),
            tags: Vec::new(),
        };
        let nodes = vec![node("network", &[]), node("app", &["network"])];
        StackRuns::new(&StackGraph::new(nodes).unwrap())
    }

    fn planned(changes: Changes) -> StackRun {
        let pending = PendingPlan { file: "plan".into(), changes, tentative: false, manifest: None };
        StackRun { pending: Some(pending), ..StackRun::default() }
    }

    #[test]
    fn a_step_gets_the_pending_plans_of_its_direct_dependencies() {
        let mut runs = runs();
        assert!(!runs.begin_step(&id("app")).dependencies[&id("network")].is_pending);
        let vpc = OutputChange { name: "vpc".to_owned(), action: Action::Update };
        let outputs = PlannedOutputs { outputs: Vec::new(), tentative: true };
        let network = StackRun {
            is_provisional: true,
            planned_outputs: Some(Arc::new(outputs)),
            ..planned(Changes { outputs: vec![vpc], ..changes() })
        };
        runs.end_step(&id("network"), network, false);
        let input = runs.begin_step(&id("app"));
        let network = &input.dependencies[&id("network")];
        assert!(network.is_pending && network.is_provisional);
        assert!(network.planned_outputs.as_ref().is_some_and(|outputs| outputs.tentative));
        assert_eq!(network.changed_outputs, ["vpc".to_owned()].into());
        assert!(input.applied.is_empty());
        assert!(runs.begin_step(&id("network")).dependencies.is_empty());
    }

    #[test]
    fn an_apply_outdates_plans_that_saw_the_apply_of_an_earlier_run() {
        let mut runs = runs();
        runs.adopt(id("network"), PriorResult::Begun);
        let mut app = runs.begin_step(&id("app"));
        assert_eq!(app.applied, [id("network")].into());
        app.stack_run.applied_at_plan = app.applied;
        runs.end_step(&id("app"), app.stack_run, false);
        let network = runs.begin_step(&id("network"));
        assert!(network.stack_run.prior_result.is_none(), "a stack whose apply had begun is planned again");
        runs.end_step(&id("network"), network.stack_run, true);
        let app = runs.begin_step(&id("app"));
        assert!(app.stack_run.applied_at_plan.is_empty());
        assert_eq!(app.applied, [id("network")].into());
    }

    #[test]
    fn a_step_without_an_apply_leaves_the_applied_stacks_as_they_are() {
        let mut runs = runs();
        runs.end_step(&id("network"), planned(changes()), false);
        assert!(runs.applied().is_empty());
        runs.end_step(&id("network"), StackRun::default(), true);
        assert_eq!(*runs.applied(), [id("network")].into());
    }
}
