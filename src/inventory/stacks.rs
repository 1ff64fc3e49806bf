//! All instances of one environment.

use indexmap::IndexMap;

use super::Instance;
use crate::{
    graph::{Selection, SelectionError, StackGraph, Why},
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

    /// The instances that are asked for, needs first, each with why it is in.
    pub fn select(&self, selection: &Selection) -> Result<Vec<(&Instance, Vec<Why>)>, SelectionError> {
        let selected = self.graph.select(selection)?;
        Ok(selected.into_iter().filter_map(|s| Some((self.get(s.stack.as_str())?, s.why))).collect())
    }
}
