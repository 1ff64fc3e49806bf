//! Masks values of flags for variables that engines hide.

use super::worker::hide;
use crate::{
    config::Layer,
    engine::layout::unit_file,
    inventory::{Instance, hcl::Module},
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

/// Returns true if a variable of a stack is declared `sensitive` or `ephemeral`, or may be: a root module that could not
/// be parsed may declare it so.
pub(super) fn is_hidden(name: &str, instance: &Instance, module: Option<&Module>) -> bool {
    match module {
        Some(module) => module.variables.get(name).is_some_and(|v| v.sensitive || v.ephemeral),
        None => unit_file(instance.engine).is_none(),
    }
}
