//! Masks values of flags for variables that engines hide.

use super::worker::hide;
use crate::{
    config::Layer,
    engine::layout::unit_file,
    inventory::{Instance, Modules, hcl::Module},
    process::Redactor,
};

/// Masks the values of `--var` flags whose variables are declared `sensitive` or `ephemeral`: suggested commands repeat
/// the flags that were given.
pub(super) fn mask_typed_values(instance: &Instance, module: Option<&Module>, redactor: &Redactor) {
    for (name, value) in &instance.settings.vars {
        let is_typed = matches!(value.origin.layer, Layer::Flag(_));
        if is_typed && is_hidden(name, instance, module) {
            hide(&value.value, &|text| redactor.add(text));
        }
    }
}

/// Returns true if a variable of a stack is declared `sensitive` or `ephemeral`, or may be: a module that cannot be read may
/// declare it so. `module` is the root module of a stack; the one of a Terragrunt unit is read here.
pub(super) fn is_hidden(name: &str, instance: &Instance, module: Option<&Module>) -> bool {
    let declares = |module: &Module| module.variables.get(name).is_some_and(|v| v.sensitive || v.ephemeral);
    if unit_file(instance.engine).is_none() {
        return module.is_none_or(declares);
    }
    Modules::of_unit(instance).is_none_or(|(modules, folder)| {
        modules.in_folder(&folder, instance.engine).is_none_or(|module| declares(module))
    })
}
