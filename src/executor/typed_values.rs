//! Masks values of flags for variables that engines hide.

use std::collections::BTreeSet;

use super::step::outputs::passed_values::for_each_revealing_text;
use crate::{
    config::{Layer, VariableValue},
    engine::layout::unit_file,
    hcl::{Module, literals},
    inventory::{Instance, Modules},
    process::Redactor,
};

/// Masks the values of `--var` flags whose variables are declared `sensitive` or `ephemeral`: suggested commands repeat
/// the flags that were given.
pub(super) fn mask_typed_values(instance: &Instance, module: Option<&Module>, redactor: &Redactor) {
    let mut typed = instance
        .settings
        .vars
        .iter()
        .filter(|(_, value)| matches!(value.origin.layer, Layer::Flag(_)))
        .peekable();
    if typed.peek().is_none() {
        return;
    }
    let hidden = HiddenVariables::for_instance(instance, module);
    for (_, value) in typed.filter(|(name, _)| hidden.contains(name)) {
        match &value.value {
            VariableValue::Known(value) => for_each_revealing_text(value, &|text| redactor.add(text)),
            VariableValue::Expression(text) => {
                redactor.add(text);
                for literal in literals(text) {
                    for_each_revealing_text(&literal, &|text| redactor.add(text));
                }
            }
        }
    }
}

/// Variables of a stack that are declared `sensitive` or `ephemeral`.
pub(super) enum HiddenVariables {
    /// Names of the variables, from their declarations.
    Named(BTreeSet<String>),
    /// Possibly any variable: the module cannot be read.
    Unknown,
}

impl HiddenVariables {
    /// Reads the declarations in the root module of a stack; the module of a Terragrunt unit is read from its folder.
    pub(super) fn for_instance(instance: &Instance, module: Option<&Module>) -> Self {
        if unit_file(instance.engine).is_none() {
            return module.map_or(Self::Unknown, Self::declared);
        }
        let unit = Modules::read_unit(instance);
        let module = unit.as_ref().and_then(|(modules, folder)| modules.in_folder(folder, instance.engine));
        module.map_or(Self::Unknown, |module| Self::declared(module))
    }

    fn declared(module: &Module) -> Self {
        let hidden = module.variables.iter().filter(|(_, variable)| variable.is_hidden());
        Self::Named(hidden.map(|(name, _)| name.clone()).collect())
    }

    /// Returns true if a variable is hidden, or may be.
    pub(super) fn contains(&self, name: &str) -> bool {
        match self {
            Self::Named(names) => names.contains(name),
            Self::Unknown => true,
        }
    }
}
