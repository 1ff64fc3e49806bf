//! The steps of a run as the scheduler takes them.

use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc, time::Duration};

use crate::{event::StepKind, model::StackId};

/// One step of one stack and what it has to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Whose.
    pub stack: StackId,
    /// Which.
    pub kind: StepKind,
    /// The stacks whose steps of the same round come first.
    pub needs: Vec<StackId>,
    /// How long it probably takes: what it took in earlier runs.
    pub weight: Duration,
    /// What it is counted under beside the jobs of the run: its engine, its folder. Those without a limit do not count.
    pub classes: Vec<Arc<str>>,
}

impl Step {
    /// A step that waits for these, with the weight of a step that nobody has measured.
    pub fn new(stack: StackId, kind: StepKind, needs: Vec<StackId>) -> Self {
        Self { stack, kind, needs, weight: Duration::from_secs(1), classes: Vec::new() }
    }
}

/// How many steps may run at once, and what a failure stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Over the whole run.
    pub jobs: NonZeroUsize,
    /// Of one class.
    pub classes: BTreeMap<Arc<str>, NonZeroUsize>,
    /// Whether the first failure keeps all that has not started from starting, not only what depends on it.
    pub fail_fast: bool,
}

impl Limits {
    /// So many steps at once; a failure stops only what depends on it.
    pub fn jobs(jobs: NonZeroUsize) -> Self {
        Self { jobs, classes: BTreeMap::new(), fail_fast: false }
    }
}
