//! Inventory of one environment.

use indexmap::IndexMap;

use super::Instance;
use crate::{
    graph::StackGraph,
    model::{EnvName, StackId},
};

/// Instances of one environment, each after the instances that it needs.
#[derive(Debug, Clone)]
pub struct Inventory {
    pub(super) environment: EnvName,
    pub(super) instances: IndexMap<StackId, Instance>,
    pub(super) graph: StackGraph,
}

impl Inventory {
    /// Returns the environment's name.
    pub fn environment(&self) -> &EnvName {
        &self.environment
    }

    /// Returns the instances, each after the instances that it needs.
    pub fn instances(&self) -> impl ExactSizeIterator<Item = &Instance> + DoubleEndedIterator {
        self.instances.values()
    }

    /// Returns an instance by its stack's name.
    pub fn get(&self, stack: &str) -> Option<&Instance> {
        self.instances.get(stack)
    }

    /// Returns the graph of needs.
    pub fn graph(&self) -> &StackGraph {
        &self.graph
    }
}
