//! All instances of one environment.

use indexmap::IndexMap;

use super::Instance;
use crate::{
    graph::StackGraph,
    model::{EnvName, StackId},
};

/// The instances of one environment, those that others need first.
#[derive(Debug, Clone)]
pub struct Inventory {
    pub(super) environment: EnvName,
    pub(super) instances: IndexMap<StackId, Instance>,
    pub(super) graph: StackGraph,
}

impl Inventory {
    /// The environment.
    pub fn environment(&self) -> &EnvName {
        &self.environment
    }

    /// The instances, needs first.
    pub fn instances(&self) -> impl ExactSizeIterator<Item = &Instance> + DoubleEndedIterator {
        self.instances.values()
    }

    /// One instance by its stack's name.
    pub fn get(&self, stack: &str) -> Option<&Instance> {
        self.instances.get(stack)
    }

    /// What needs what.
    pub fn graph(&self) -> &StackGraph {
        &self.graph
    }
}
