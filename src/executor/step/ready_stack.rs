//! Stack that is ready for its engine, the options of a run's plans, and the plan that waits for its apply.

use std::{io, sync::Arc, time::Duration};

use camino::Utf8PathBuf;
use serde_json::Value;

use super::{
    applied_last,
    outputs::upstream_inputs::{UpstreamInputs, UpstreamValues},
};
use crate::{
    config::Hooks,
    engine::{EffectiveInit, Engine, PlanMode, PlanRequest, Target},
    executor::{IdentityVerifier, plan_inputs::PlanInputs},
    model::{Changes, Failure, FailureKind, StackId},
    plans::PlanManifest,
};

/// Stack that is ready for its engine: the engine, its target, hooks, and the inputs of its plans.
#[derive(Clone)]
pub struct ReadyStack {
    /// Engine of the stack.
    pub engine: Arc<dyn Engine>,
    /// Instance with all that the engine runs with: folders, environment, values and backend.
    pub target: Target,
    /// Stacks of the project that the stack depends on.
    pub needs: Vec<StackId>,
    /// True if a missing workspace may be created.
    pub create_workspace: bool,
    /// True if a state of another lineage is accepted.
    pub accept_lineage: bool,
    /// True if the stack's files may read outputs from the states of stacks that it depends on: a Terragrunt unit, or
    /// `terraform_remote_state`.
    pub reads_states: bool,
    /// Notes for the user that arose while the target was built.
    pub notes: Vec<String>,
    /// Inputs that the stack's plan is bound to in addition to the target.
    pub plan_inputs: PlanInputs,
    /// Required identity; `None` without an identity check.
    pub identity: Option<IdentityVerifier>,
    /// Hooks around the steps of the stack.
    pub hooks: Hooks,
    /// Variables that take outputs of other stacks.
    pub upstream_inputs: UpstreamInputs,
    /// Reliability of the values of these variables.
    pub upstream_values: UpstreamValues,
    /// Stacks whose outputs are replaced by mocks in the plan.
    pub mocked_stacks: Vec<StackId>,
    /// Variables whose values come from plans of other stacks that are not applied yet.
    pub from_plans: Vec<String>,
    /// Values that the stack's variables take from other stacks, once they are known.
    pub input_values: Arc<[(String, Value)]>,
}

impl ReadyStack {
    /// Records the run or the command that is about to change the instance, for plans of stacks that depend on it.
    pub fn note_applied_by(&self, who: &str) -> io::Result<()> {
        applied_last::record(&self.target, who)
    }

    /// Returns the run or the command that changed the instance last; `None` without a record.
    pub fn applied_by(&self) -> io::Result<Option<String>> {
        applied_last::read(&self.target)
    }

    /// Puts back what [`Self::applied_by`] returned before a command that left the state as it was.
    pub fn restore_applied_by(&self, former: Option<&str>) -> io::Result<()> {
        applied_last::restore(&self.target, former)
    }

    /// Returns the settings of the engine's last init: its backend with the address of the state, flags and modules.
    pub(super) fn effective_init(&self) -> Result<EffectiveInit, Failure> {
        self.engine.effective_init(&self.target).map_err(|error| {
            let summary = format!("cannot tell the backend of `{}`: {error}", self.target.instance);
            Failure::new(FailureKind::State, summary)
        })
    }
}

/// Options of every plan of a run.
#[derive(Debug, Clone)]
pub struct PlanOptions {
    /// Mode of the plan.
    pub mode: PlanMode,
    /// Resource addresses of the flag `-target`.
    pub targets: Vec<String>,
    /// Resource addresses of the flag `-exclude`.
    pub excludes: Vec<String>,
    /// Resource addresses of the flag `-replace`.
    pub replace: Vec<String>,
    /// Maximum age of a clean plan that replaces a new one; `None` if no plan is reused.
    pub reuse: Option<Duration>,
}

impl PlanOptions {
    /// Returns true if the user limited the plans with `--target` or `--without`.
    pub fn is_narrowed(&self) -> bool {
        !(self.targets.is_empty() && self.excludes.is_empty())
    }

    /// Returns the request for one plan, whose file is written to `out`.
    pub(super) fn request(&self, out: Utf8PathBuf, accept_lineage: bool) -> PlanRequest {
        PlanRequest {
            mode: self.mode,
            out,
            targets: self.targets.clone(),
            excludes: self.excludes.clone(),
            replace: self.replace.clone(),
            accept_lineage,
        }
    }

    /// Returns a note for plans that `--target` or `--without` limits.
    pub(super) fn incomplete_note(&self) -> Option<String> {
        let targets: Vec<String> = self.targets.iter().map(|t| format!("`--target {t}`")).collect();
        let excludes: Vec<String> = self.excludes.iter().map(|e| format!("`--without {e}`")).collect();
        match (targets.as_slice(), excludes.as_slice()) {
            ([], []) => None,
            ([], excludes) => Some(format!("incomplete: planned {}", excludes.join(", "))),
            (targets, _) => Some(format!("incomplete: only {} was planned", targets.join(", "))),
        }
    }
}

/// Plan that waits to be applied.
#[derive(Debug, Clone)]
pub(in crate::executor) struct PendingPlan {
    /// Path of the plan file.
    pub(in crate::executor) file: Utf8PathBuf,
    /// Changes of the plan.
    pub(in crate::executor) changes: Changes,
    /// True if the plan uses values that are not known yet.
    pub(in crate::executor) tentative: bool,
    /// Manifest of the plan; `None` for a clean stack, which waits without a plan.
    pub(in crate::executor) manifest: Option<PlanManifest>,
}

impl PendingPlan {
    /// Returns true if the stack must be planned again before its apply, even if no dependency changes.
    pub(super) fn is_provisional(&self) -> bool {
        self.tentative || self.manifest.as_ref().is_some_and(|manifest| !manifest.from_plans.is_empty())
    }
}
