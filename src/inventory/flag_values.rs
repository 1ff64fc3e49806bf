//! Values of `--var`, by the declared type of the variable as engines take `-var`.
//!
//! Measured on OpenTofu 1.12.6 and Terraform 1.11.4: a variable without a type or of a primitive type takes the text
//! literally (and converts it); any other variable takes the text as an expression.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Instance, Inventory, Modules,
    hcl::{VariableKind, literal_value},
};
use crate::{
    config::Layer,
    diagnostic::{Diagnostic, Diagnostics},
    engine::layout::unit_file,
    model::InstanceId,
};

/// Converts the texts of `--var` to values of the declared types, and returns errors by instance: another stack,
/// which is not selected, may declare another type.
pub fn type_flag_values(inventory: &mut Inventory, modules: &Modules) -> Vec<(InstanceId, Diagnostics)> {
    let mut problems = Vec::new();
    for instance in inventory.instances.values_mut() {
        let mut found = Diagnostics::default();
        let typed = typed(instance, modules, &mut found);
        if !found.0.is_empty() {
            problems.push((instance.id.clone(), found));
        }
        if !typed.is_empty() {
            let mut vars = (*instance.settings.vars).clone();
            for (name, value) in typed {
                if let Some(var) = vars.get_mut(&name) {
                    var.value = value;
                }
            }
            Arc::make_mut(&mut instance.settings).vars = vars.into();
        }
    }
    problems
}

/// Returns true for a text that the user has probably left unquoted: HCL takes it for a reference.
fn is_bare_word(text: &str) -> bool {
    text.starts_with(char::is_alphabetic) && text.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c))
}

/// Returns the values of an instance's variables that take an expression.
fn typed(instance: &Instance, modules: &Modules, found: &mut Diagnostics) -> Vec<(String, Value)> {
    let module = modules.root(instance).filter(|_| unit_file(instance.engine).is_none());
    let mut typed = Vec::new();
    for (name, value) in &instance.settings.vars {
        let is_flag = matches!(&value.origin.layer, Layer::Flag(flag) if flag.starts_with("--var "));
        let Some(text) = value.value.as_str().filter(|_| is_flag) else { continue };
        let kind = module.map(|module| module.variables.get(name).map(|variable| variable.kind));
        match (kind, literal_value(text)) {
            (Some(Some(VariableKind::Other)), Ok(value)) => typed.push((name.clone(), value)),
            (Some(Some(VariableKind::Other)), Err(reason)) => {
                let reason =
                    if is_bare_word(text) { "a text stands between quotes in it".to_owned() } else { reason };
                let message = format!("the value of `--var {name}` is no literal of HCL: {reason}");
                let help = format!(
                    "`{name}` of `{}` is declared with a type that takes an expression, as `[\"a\"]`, `{{ a = 1 }}` or `\"text\"`",
                    instance.id
                );
                found.push(Diagnostic::error("config::value", message).help(help));
            }
            // The declared type is unknown: a text that parses as a list or an object is taken for one.
            (None, Ok(value @ (Value::Array(_) | Value::Object(_)))) => typed.push((name.clone(), value)),
            (None | Some(None | Some(VariableKind::Untyped | VariableKind::Primitive)), _) => {}
        }
    }
    typed
}
