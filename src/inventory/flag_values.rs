//! Values of the flag `--var`, converted to the declared types of variables as engines convert `-var`.
//!
//! Measured on OpenTofu 1.12.6 and Terraform 1.11.4: a variable without a type or of a primitive type takes the text
//! literally (and converts it); any other variable takes the text as an expression, without functions and references.
//! An expression that is no literal is left to the engine.

use std::sync::Arc;

use super::{Instance, Inventory, Modules};
use crate::{
    config::{Layer, VariableValue},
    diagnostic::{Diagnostic, Diagnostics},
    hcl::{FlagExpression, VariableDecl, VariableKind, flag_expression},
    model::InstanceId,
};

/// Converts the texts of `--var` to values of the types that each instance declares, and returns errors by instance: an
/// error for an instance that is not selected does not count.
pub fn type_flag_values(inventory: &mut Inventory, modules: &Modules) -> Vec<(InstanceId, Diagnostics)> {
    let mut problems = Vec::new();
    for instance in inventory.instances.values_mut() {
        let mut found = Diagnostics::default();
        let typed = typed_values(instance, modules, &mut found);
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

/// Reason in the error for an invalid value of a sensitive or ephemeral variable.
const HIDDEN_REASON: &str = "its text is not shown, since the variable is sensitive or ephemeral; texts in it stand between quotes, \
                      and functions and references are refused";

/// Returns true for a text that the user has probably left unquoted: HCL takes it for a reference.
fn is_bare_word(text: &str) -> bool {
    text.starts_with(char::is_alphabetic) && text.chars().all(|c| c.is_alphanumeric() || "-_./".contains(c))
}

/// Returns the values of those of an instance's variables whose texts are expressions.
fn typed_values(
    instance: &Instance,
    modules: &Modules,
    found: &mut Diagnostics,
) -> Vec<(String, VariableValue)> {
    let is_flag = |layer: &Layer| matches!(layer, Layer::Flag(flag) if flag.starts_with("--var "));
    let flags = instance.settings.vars.iter().filter(|(_, value)| is_flag(&value.origin.layer));
    let texts: Vec<_> =
        flags.filter_map(|(name, value)| Some((name, value.value.as_json()?.as_str()?))).collect();
    if texts.is_empty() {
        return Vec::new();
    }
    let module = modules.root_or_unit_module(instance);
    let mut typed = Vec::new();
    for (name, text) in texts {
        let variable = module.as_ref().map(|module| module.variables.get(name));
        let declared = variable.map(|variable| variable.map(|variable| variable.kind));
        let is_collection = || text.trim_start().starts_with(['[', '{']);
        match (declared, flag_expression(text)) {
            (Some(Some(VariableKind::Other)), Ok(value)) => {
                typed.push((name.clone(), evaluate_text(value, text)));
            }
            (Some(Some(VariableKind::Other)), Err(reason)) => {
                let is_hidden = variable.flatten().is_some_and(VariableDecl::is_hidden);
                let reason = match () {
                    () if is_bare_word(text) => "a text stands between quotes in it".to_owned(),
                    // Without its quotes, a secret is the name that the reason would show.
                    () if is_hidden => HIDDEN_REASON.to_owned(),
                    () => reason,
                };
                let message =
                    format!("the value of `--var {name}` is no expression that an engine takes: {reason}");
                let help = format!(
                    "`{name}` of `{}` is declared with a type that takes an expression, as `[\"a\"]`, `{{ a = 1 }}` or `\"text\"`",
                    instance.id
                );
                found.push(Diagnostic::error("config::value", message).help(help));
            }
            // The declared type is unknown: a text that parses as a list or an object is taken for one.
            (None, Ok(value)) if is_collection() => typed.push((name.clone(), evaluate_text(value, text))),
            (None | Some(None | Some(VariableKind::Untyped | VariableKind::Primitive)), _) => {}
        }
    }
    typed
}

/// Returns the value of a text that is an expression: its literal value, or else the text for the engine to evaluate.
fn evaluate_text(expression: FlagExpression, text: &str) -> VariableValue {
    match expression {
        FlagExpression::Literal(value) => VariableValue::Known(value),
        FlagExpression::EngineOnly => VariableValue::Expression(text.to_owned()),
    }
}
