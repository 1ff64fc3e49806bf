//! Masks values that a user types for variables that engines hide.

use serde_json::Value;

use crate::{
    config::Layer,
    inventory::{Instance, hcl::Module},
    process::Redactor,
};

/// Masks the values of `--var` whose variables are declared `sensitive` or `ephemeral`: commands that are shown to be typed
/// repeat the flags that were given.
pub(super) fn mask_typed_values(instance: &Instance, module: Option<&Module>, redactor: &Redactor) {
    let Some(module) = module else { return };
    for (name, value) in instance.settings.vars.iter() {
        let is_typed = matches!(value.origin.layer, Layer::Flag(_));
        let is_hidden = module.variables.get(name).is_some_and(|v| v.sensitive || v.ephemeral);
        if is_typed && is_hidden {
            match &value.value {
                Value::String(text) => redactor.add(text),
                other => redactor.add(&other.to_string()),
            }
        }
    }
}
