//! Which commands need the values of `secrets`, and which stacks need them for every command.

use crate::{
    engine::layout::{has_state_encryption, unit_file},
    files,
    inventory::hcl::{Attribute, Module},
    model::EngineName,
};

/// What a command needs the values of `secrets` for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretUse {
    /// The command evaluates variables: a secret that cannot be had is an error.
    Required,
    /// The engine may evaluate variables: a secret that cannot be had is left out, and the user is told.
    IfAvailable,
    /// The command reads a state and evaluates no variable: no program is started for a secret. Values of variables and
    /// files are masked.
    MaskOnly,
}

/// The use of `secrets` in one stack: `wanted`, unless its engine evaluates variables for every command.
///
/// OpenTofu does for the backend, for state encryption and for sources of modules; Terragrunt evaluates a whole unit,
/// which may read `TF_VAR_*`. `modules` are the root module and the local modules that it calls.
pub(super) fn effective_use(wanted: SecretUse, engine: EngineName, modules: &[&Module]) -> SecretUse {
    match wanted {
        SecretUse::MaskOnly if unit_file(engine).is_some() => SecretUse::IfAvailable,
        SecretUse::MaskOnly if has_early_variables(engine, modules) => SecretUse::Required,
        other => other,
    }
}

/// Returns true if the configuration may use variables in what an engine evaluates before any resource.
fn has_early_variables(engine: EngineName, modules: &[&Module]) -> bool {
    // A root module that could not be read may hold anything.
    let Some(root) = modules.first() else { return true };
    let is_computed = |attribute: &Attribute| attribute.value.literal().is_none();
    let backend = root.backend.iter().flat_map(|backend| backend.attributes.values()).any(is_computed);
    let calls = modules.iter().flat_map(|module| module.modules.values());
    let source = calls.flat_map(|call| call.source.iter().chain(&call.version)).any(is_computed);
    backend || source || (has_state_encryption(engine) && has_encryption(root))
}

/// Returns true if a file of a module may hold an `encryption` block.
fn has_encryption(module: &Module) -> bool {
    module.files.iter().any(|file| {
        files::read_whole_text(file).map_or(true, |text| {
            text.split("encryption").skip(1).any(|rest| {
                let rest = rest.trim_start_matches('"').trim_start();
                rest.starts_with('{') || rest.starts_with(':')
            })
        })
    })
}
