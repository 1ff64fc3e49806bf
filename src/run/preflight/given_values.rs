//! Checks before a run that each variable has a value, and that each value on the command line has a variable.

use crate::{
    assurance::ValueErrors,
    config::Layer,
    diagnostic::{Diagnostics, closest},
    inventory::{Inventory, Modules},
    model::StackId,
    run::Usage,
};

/// Refuses flags for variables that no selected stack declares, and selected stacks with variables that have no value.
pub(in crate::run) fn check_given_values(
    inventory: &Inventory,
    modules: &Modules,
    stacks: &[StackId],
    errors: Option<ValueErrors>,
) -> anyhow::Result<()> {
    check_declared(inventory, stacks, modules)?;
    let selected = errors.into_iter().flatten().filter(|(id, _)| stacks.contains(&id.stack));
    let found = Diagnostics(selected.flat_map(|(_, found)| found).collect());
    if found.has_errors() { Err(found.into()) } else { Ok(()) }
}

/// Refuses a variable of `--var` or `--set vars.NAME` that no selected stack declares: it would silently have no effect.
fn check_declared(inventory: &Inventory, stacks: &[StackId], modules: &Modules) -> Result<(), Usage> {
    let instances: Vec<_> = stacks.iter().filter_map(|stack| inventory.get(stack.as_str())).collect();
    let vars = instances.iter().flat_map(|instance| instance.settings.vars.iter());
    let flags: Vec<_> = vars
        .filter_map(|(name, value)| match &value.origin.layer {
            Layer::Flag(flag) => Some((name, flag)),
            _ => None,
        })
        .collect();
    if flags.is_empty() {
        return Ok(());
    }
    let roots: Vec<_> =
        instances.iter().filter_map(|instance| modules.root_or_unit_module(instance)).collect();
    if roots.len() != stacks.len() {
        return Ok(());
    }
    for (name, flag) in flags {
        if !roots.iter().any(|root| root.variables.contains_key(name)) {
            let names = roots.iter().flat_map(|root| root.variables.keys()).map(String::as_str);
            let meant = closest(name, names).map_or(String::new(), |n| format!("; did you mean `{n}`?"));
            return Err(Usage::Other(format!(
                "no selected stack declares the variable `{name}`, which `{flag}` sets{meant}"
            )));
        }
    }
    Ok(())
}
