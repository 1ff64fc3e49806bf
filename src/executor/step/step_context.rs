//! Step that runs on a worker thread: its input, its connections, and the state of its stack.

use std::collections::{BTreeMap, BTreeSet};

use super::{outputs::Upstreams, ready_stack::ReadyStack, run_context::RunContext, state_etags::StateEtags};
use crate::{
    engine::{PlanMode, Session},
    executor::{StackRun, StepHandle, stack_run::DependencyPlan},
    model::StackId,
};

/// Step of one stack while it runs.
pub(super) struct StepContext<'s> {
    /// Folder, clock, runner and options of the run.
    pub(super) run: &'s RunContext,
    /// Outputs that stacks take from each other, shared by all steps.
    pub(super) upstreams: &'s Upstreams,
    /// Entity tags of the states, shared by all steps.
    pub(super) etags: &'s StateEtags,
    /// Connection of the engine's processes.
    pub(super) session: &'s Session<'s>,
    /// Connection to the dispatcher.
    pub(super) handle: &'s dyn StepHandle,
    /// Plans of the stack's direct dependencies in the run.
    pub(super) dependencies: BTreeMap<StackId, DependencyPlan>,
    /// Stacks that this run, or the run that it resumes, has applied.
    pub(super) applied: BTreeSet<StackId>,
    /// Progress of the stack in this run.
    pub(super) stack_run: StackRun,
    /// True if the step has applied its plan.
    pub(super) has_applied: bool,
}

impl StepContext<'_> {
    /// Returns true if a dependency has a plan with changes that is not applied yet.
    pub(super) fn is_pending(&self, need: &StackId) -> bool {
        self.run.options.mode != PlanMode::Destroy
            && self.dependencies.get(need).is_some_and(|dependency| dependency.is_pending)
    }

    /// Returns a dependency with a plan that is not applied yet.
    pub(super) fn pending_need(&self, ready: &ReadyStack) -> Option<StackId> {
        ready.needs.iter().find(|need| self.is_pending(need)).cloned()
    }

    /// Returns a dependency that was applied with changes since the stack was planned.
    pub(super) fn applied_since_plan(&self, ready: &ReadyStack) -> Option<StackId> {
        let already_applied = &self.stack_run.applied_at_plan;
        ready
            .needs
            .iter()
            .find(|need| self.applied.contains(*need) && !already_applied.contains(*need))
            .cloned()
    }
}
