//! Facts of a run that each of its steps needs, and the work of its stacks.

use std::{collections::HashMap, sync::Arc};

use super::{
    outputs::Upstreams,
    work::{PlanOptions, Work},
};
use crate::{
    journal::RunDir,
    model::{Clock, RunId, StackId},
    plans::Key,
    process::Runner,
};

/// Facts of a run that each of its steps needs.
pub struct RunContext {
    /// Id of the run.
    pub id: RunId,
    /// Key of the project, which seals manifests.
    pub key: Key,
    /// Folder of the run.
    pub dir: RunDir,
    /// Clock of the run.
    pub clock: Arc<dyn Clock>,
    /// Starts child processes.
    pub runner: Arc<Runner>,
    /// Options of every plan.
    pub options: PlanOptions,
}

/// Work of the stacks of a run.
pub struct WorkSet {
    /// Work of each stack.
    pub work: HashMap<StackId, Work>,
    /// Stacks whose outputs others take.
    pub upstreams: Upstreams,
}
