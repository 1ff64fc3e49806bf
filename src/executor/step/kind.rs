//! Steps of a run, in the form that the scheduler takes.

use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc, time::Duration};

use crate::{event::StepKind, model::StackId};

/// Step of one stack and its dependencies in the same round.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Stack of the step.
    pub stack: StackId,
    /// Plan or apply.
    pub kind: StepKind,
    /// Stacks whose steps of the same round have to end first.
    pub needs: Vec<StackId>,
    /// Estimated duration, from earlier runs.
    pub weight: Duration,
    /// Names under which the step counts against [`Limits::classes`], for example its engine. A class
    /// without a limit is ignored.
    pub classes: Vec<Arc<str>>,
}

impl Step {
    /// Returns a step that waits for the stacks `needs`, with the weight of a step without a known duration.
    pub fn new(stack: StackId, kind: StepKind, needs: Vec<StackId>) -> Self {
        Self { stack, kind, needs, weight: Duration::from_secs(1), classes: Vec::new() }
    }
}

/// Limits of concurrent steps, and the effect of a failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Maximum number of steps at the same time.
    pub jobs: NonZeroUsize,
    /// Maximum number of steps of each class at the same time.
    pub classes: BTreeMap<Arc<str>, NonZeroUsize>,
    /// True if no step starts after the first failure; otherwise only the steps that depend on the failed one are skipped.
    pub fail_fast: bool,
}

impl Limits {
    /// Returns limits with this number of concurrent steps; a failure stops only its dependents.
    pub fn jobs(jobs: NonZeroUsize) -> Self {
        Self { jobs, classes: BTreeMap::new(), fail_fast: false }
    }
}
