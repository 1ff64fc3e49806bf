//! Facts of a run that each of its steps needs, and the stacks that are ready for their engines.

use std::{collections::HashMap, sync::Arc};

use super::{
    outputs::Upstreams,
    ready_stack::{PlanOptions, ReadyStack},
};
use crate::{
    journal::RunDir,
    model::{Clock, RunId, StackId},
    plans::ProjectKey,
    process::Runner,
};

/// Facts of a run that each of its steps needs.
pub struct RunContext {
    /// Id of the run.
    pub id: RunId,
    /// Key of the project, which seals manifests.
    pub key: ProjectKey,
    /// Folder of the run.
    pub dir: RunDir,
    /// Clock of the run.
    pub clock: Arc<dyn Clock>,
    /// Runner that starts child processes.
    pub runner: Arc<Runner>,
    /// Options of every plan.
    pub options: PlanOptions,
}

/// Stacks of a run that are ready for their engines.
pub struct RunStacks {
    /// Stacks that the run plans or applies.
    pub stacks: HashMap<StackId, ReadyStack>,
    /// Stacks whose outputs these stacks take.
    pub upstreams: Upstreams,
}
