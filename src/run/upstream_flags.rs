//! Flags in a suggested command over stacks outside of this run: only those for variables that these stacks declare.

use std::collections::{BTreeSet, HashMap};

use crate::{
    engine::GivenFlags,
    graph::StackGraph,
    hcl::Module,
    inventory::{Inventory, Modules},
    model::StackId,
};

/// Variables of the stacks outside of a run; empty if the command line sets none.
#[derive(Debug, Default)]
pub(super) struct OutsideVariables(HashMap<StackId, DeclaredVariables>);

/// Variables that a stack declares.
#[derive(Debug)]
struct DeclaredVariables {
    /// All names.
    names: BTreeSet<String>,
    /// Names of those declared `sensitive` or `ephemeral`.
    hidden: BTreeSet<String>,
}

impl DeclaredVariables {
    fn from_module(module: &Module) -> Self {
        let hidden = module.variables.iter().filter(|(_, variable)| variable.is_hidden());
        Self {
            names: module.variables.keys().cloned().collect(),
            hidden: hidden.map(|(name, _)| name.clone()).collect(),
        }
    }
}

impl OutsideVariables {
    /// Collects the variables that the stacks outside `graph` declare; empty if no flag of the command sets a variable, since
    /// the declarations only decide which `--var` flags a printed command repeats.
    pub(super) fn new(
        inventory: &Inventory,
        modules: &Modules,
        graph: &StackGraph,
        flags: &GivenFlags,
    ) -> Self {
        let outside = inventory
            .instances()
            .filter(|instance| flags.sets_variables() && !graph.contains(instance.id.stack.as_str()));
        let variables = outside.filter_map(|instance| {
            let module = modules.root_or_unit_module(instance)?;
            Some((instance.id.stack.clone(), DeclaredVariables::from_module(&module)))
        });
        Self(variables.collect())
    }

    /// Returns the flags for a run over these stacks: with the variables that one of them declares, or may declare.
    pub(super) fn flags(&self, stacks: &BTreeSet<StackId>, flags: &GivenFlags) -> GivenFlags {
        let any = |matches: &dyn Fn(&DeclaredVariables) -> bool| {
            stacks.iter().any(|stack| self.0.get(stack).is_none_or(matches))
        };
        let declared = flags.clone().with_variables(|name| any(&|of| of.names.contains(name)));
        declared.hiding(|name| any(&|of| of.hidden.contains(name)))
    }
}
