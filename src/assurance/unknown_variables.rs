//! Variables that environments.toml sets for whole environments and that no stack declares.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use super::{ProjectFiles, values::at};
use crate::{
    config::{Config, Environment, Layer, Scope},
    diagnostic::{Diagnostic, Diagnostics},
    engine::layout::unit_file,
    hcl::Module,
    inventory::{Instance, Modules},
    model::EnvName,
};

/// Returns a warning for each variable that one of these environments sets as a whole and that none of its stacks declares,
/// and for each of `[defaults]` and the templates that no stack of any environment declares.
///
/// No warning is returned if the root module of one of these stacks is unknown.
pub(super) fn unknown_variables(
    config: &Config,
    environments: &[&Environment],
    project: &ProjectFiles,
) -> Diagnostics {
    let mut found = Diagnostics::default();
    let vars = project.instances_of(environments).flat_map(|instance| {
        instance.settings.vars.iter().map(|(name, value)| (&instance.id.environment, name, value))
    });
    // Reading the modules of units takes time, so each environment's are read once.
    let mut declared: HashMap<Option<&EnvName>, Option<BTreeSet<String>>> = HashMap::new();
    for (environment, name, value) in vars.filter(|(_, _, value)| value.scope() == Scope::Environment) {
        let own = matches!(value.origin.layer, Layer::Environment(_)).then_some(environment);
        let declared = declared.entry(own).or_insert_with(|| declared_variables(project, own));
        let Some(declared) = declared.as_ref().filter(|declared| !declared.contains(name)) else { continue };
        let message = match own {
            Some(own) => {
                format!("`{name}` is set for all of `{own}`, and no stack there declares that variable")
            }
            None => format!(
                "`{name}` is set for all stacks, and no stack of any environment declares that variable"
            ),
        };
        let problem = at(Diagnostic::warning("values::unknown", message), config, &value.origin, "set here")
            .did_you_mean(name, declared.iter().map(String::as_str));
        if !found.0.contains(&problem) {
            found.push(problem);
        }
    }
    found
}

/// Returns the variables of the root modules of an environment's stacks, or of all stacks; `None` when one of the modules is
/// unknown.
fn declared_variables(project: &ProjectFiles, environment: Option<&EnvName>) -> Option<BTreeSet<String>> {
    let mut declared = BTreeSet::new();
    if environment.is_none() && !project.not_compared.is_empty() {
        return None;
    }
    let is_counted = |instance: &&Instance| environment.is_none_or(|name| instance.id.environment == *name);
    for instance in project.instances.iter().filter(is_counted) {
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
