//! Masks values that a user types for variables that engines hide.

use super::worker::hide;
use crate::{
    config::Layer,
    engine::layout::unit_file,
    inventory::{Instance, hcl::Module},
    process::Redactor,
};

/// Masks the values of `--var` whose variables are declared `sensitive` or `ephemeral`: commands that are shown to be typed
/// repeat the flags that were given.
pub(super) fn mask_typed_values(instance: &Instance, module: Option<&Module>, redactor: &Redactor) {
    for (name, value) in &instance.settings.vars {
        let is_typed = matches!(value.origin.layer, Layer::Flag(_));
        // A root module that could not be parsed may hide any of them.
        let is_hidden = match module {
            Some(module) => module.variables.get(name).is_some_and(|v| v.sensitive || v.ephemeral),
            None => unit_file(instance.engine).is_none(),
        };
        if is_typed && is_hidden {
            hide(&value.value, &|text| redactor.add(text));
        }
    }
}
