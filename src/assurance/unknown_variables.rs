//! Variables that environments.toml sets for whole environments and that no stack declares.

use std::{collections::BTreeSet, sync::Arc};

use super::{ProjectFiles, values::at};
use crate::{
    config::{Config, Environment, Layer, Scope},
    diagnostic::{Diagnostic, Diagnostics},
    engine::layout::unit_file,
    hcl::Module,
    inventory::{Instance, Modules},
};

/// Returns a warning for each variable that is set for one of these environments as a whole and that no stack of any
/// environment declares. No warning is returned if the root module of any stack is unknown.
pub(super) fn unknown_variables(
    config: &Config,
    environments: &[&Environment],
    project: &ProjectFiles,
) -> Diagnostics {
    let mut found = Diagnostics::default();
    let is_checked = |instance: &&Instance| {
        environments.iter().any(|environment| environment.name == instance.id.environment)
    };
    let settings = project.instances.iter().filter(is_checked).map(|instance| &instance.settings);
    let vars = settings.flat_map(|settings| settings.vars.iter());
    let mut declared: Option<Option<BTreeSet<String>>> = None;
    for (name, value) in vars.filter(|(_, value)| value.scope() == Scope::Environment) {
        let Some(declared) = declared.get_or_insert_with(|| declared_anywhere(project)) else { break };
        if declared.contains(name) {
            continue;
        }
        let whom = match &value.origin.layer {
            Layer::Environment(_) => "the whole environment",
            _ => "all stacks",
        };
        let message =
            format!("`{name}` is set for {whom}, and no stack of any environment declares that variable");
        let problem = at(Diagnostic::warning("values::unknown", message), config, &value.origin, "set here")
            .did_you_mean(name, declared.iter().map(String::as_str));
        if !found.0.contains(&problem) {
            found.push(problem);
        }
    }
    found
}

/// Returns the variables of the root modules of all stacks; `None` when one of the modules is unknown.
fn declared_anywhere(project: &ProjectFiles) -> Option<BTreeSet<String>> {
    let mut declared = BTreeSet::new();
    if !project.not_compared.is_empty() {
        return None;
    }
    for instance in &project.instances {
        declared.extend(root_module(instance, &project.modules)?.variables.keys().cloned());
    }
    Some(declared)
}

fn root_module(instance: &Instance, modules: &Modules) -> Option<Arc<Module>> {
    if unit_file(instance.engine).is_none() {
        return modules.root(instance).cloned();
    }
    let (modules, folder) = Modules::read_unit(instance)?;
    modules.in_folder(&folder, instance.engine).cloned()
}
