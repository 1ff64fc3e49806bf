//! Upstream stacks of a verb's stacks, whose outputs have to be read.

use std::collections::{BTreeSet, HashMap, HashSet};

use camino::Utf8Path;

use crate::{
    executor::{ReadyStack, Upstreams},
    inventory::{
        Instance, Inventory,
        plan_inputs::{ExcludedPaths, InputScope, MixedMocks, UnresolvedIncludes},
    },
    model::StackId,
};

/// Upstream stacks whose outputs others take.
pub(super) struct UpstreamInstances<'i> {
    /// All upstream stacks, also those that are stacks of the verb.
    all: BTreeSet<StackId>,
    /// Upstream stacks that are not stacks of the verb.
    others: Vec<&'i Instance>,
}

impl<'i> UpstreamInstances<'i> {
    /// Returns the upstream stacks of these instances.
    pub(crate) fn find(inventory: &'i Inventory, instances: &[&Instance], root: &Utf8Path) -> Self {
        let inputs = instances.iter().flat_map(|instance| instance.settings.inputs.values());
        let mut all: BTreeSet<StackId> = inputs.map(|input| input.value.stack.clone()).collect();
        let mixing = instances.iter().filter(|instance| {
            // The outputs are needed to tell which of them mocks replace.
            let scope = InputScope::new(instance, root, ExcludedPaths::default());
            !(MixedMocks::find(&scope).is_empty() && UnresolvedIncludes::find(&scope).is_empty())
        });
        all.extend(mixing.flat_map(|instance| instance.needs.iter().cloned()));
        if all.is_empty() {
            return Self { all, others: Vec::new() };
        }
        let own: HashSet<&StackId> = instances.iter().map(|instance| &instance.id.stack).collect();
        let is_other = |other: &&Instance| all.contains(&other.id.stack) && !own.contains(&other.id.stack);
        let others = inventory.instances().filter(is_other).collect();
        Self { all, others }
    }

    /// Returns the instances of the verb and the upstream instances.
    pub(super) fn with_upstreams<'a>(&self, instances: &[&'a Instance]) -> Vec<&'a Instance>
    where
        'i: 'a,
    {
        instances.iter().copied().chain(self.others.iter().copied()).collect()
    }

    /// Splits the ready stacks into those of the verb and those whose outputs are read.
    pub(super) fn split_work(
        self,
        mut works: HashMap<StackId, ReadyStack>,
    ) -> (HashMap<StackId, ReadyStack>, Upstreams) {
        let upstreams = self.all.iter().filter_map(|stack| Some((stack.clone(), works.get(stack)?.clone())));
        let upstreams = Upstreams::new(upstreams.collect());
        for other in self.others {
            works.remove(&other.id.stack);
        }
        (works, upstreams)
    }
}
