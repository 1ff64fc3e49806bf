//! Digest of the values behind the expressions of a backend or a module source, which an init evaluates.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
};

use camino::Utf8PathBuf;
use sha2::{Digest, Sha256};

use crate::{
    config::VariableValue, engine::layout::unit_file, files, hcl::Module, inventory::Instance, model::hex,
};

/// Prefix of the environment variables that set variables of a module.
const VARIABLE: &str = "TF_VAR_";

/// Returns a digest of everything that may affect the value of an expression in a backend or a module source of a stack: the files of its modules, its var files, the
/// values of environments.toml and `TF_VAR_*`. `None` if the stack has no such expression, and for Terragrunt, which initialises by
/// itself.
///
/// Values that plans hide are left out, because no engine takes them there (measured on OpenTofu 1.12.6).
pub(super) fn expression_inputs_digest(
    instance: &Instance,
    modules: &[&Module],
    var_files: &[Utf8PathBuf],
    env: &BTreeMap<OsString, OsString>,
) -> Option<String> {
    // The expressions of files that envctl cannot parse are unknown.
    let is_parsed = !modules.is_empty();
    if unit_file(instance.engine).is_some()
        || (is_parsed && !modules.iter().any(|module| has_expression(module)))
    {
        return None;
    }
    let hidden = hidden_variables(modules);
    let mut digest = Sha256::new();
    let mut add = |part: &[u8]| {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    };
    let configured = modules.iter().flat_map(|module| &module.files);
    let loaded = modules.first().into_iter().flat_map(|module| &module.auto_var_files);
    for file in configured.chain(loaded).chain(var_files) {
        add(file.as_str().as_bytes());
        match files::read_whole(file) {
            Ok(bytes) => add(&bytes),
            Err(error) => add(error.to_string().as_bytes()),
        }
    }
    for (name, value) in instance.settings.vars.iter().filter(|(name, _)| !hidden.contains(name.as_str())) {
        add(name.as_bytes());
        match &value.value {
            VariableValue::Known(value) => add(value.to_string().as_bytes()),
            VariableValue::Expression(text) => add(text.as_bytes()),
        }
    }
    for (name, value) in env {
        let variable = name.to_str().and_then(|name| name.strip_prefix(VARIABLE));
        if variable
            .is_some_and(|name| !hidden.contains(name) && !instance.settings.secrets.contains_key(name))
        {
            add(name.as_encoded_bytes());
            add(value.as_encoded_bytes());
        }
    }
    Some(hex(&digest.finalize()))
}

/// Returns true if an attribute of the backend, or the source or version of a called module, is an expression.
fn has_expression(module: &Module) -> bool {
    let of_backend = module.backend.iter().flat_map(|backend| backend.attributes.values());
    let of_calls = module.module_calls.values().flat_map(|call| call.source.iter().chain(&call.version));
    of_backend.chain(of_calls).any(|attribute| attribute.value.literal().is_none())
}

fn hidden_variables<'m>(modules: &[&'m Module]) -> BTreeSet<&'m str> {
    let root = modules.first().into_iter().flat_map(|module| &module.variables);
    root.filter(|(_, variable)| variable.is_hidden()).map(|(name, _)| name.as_str()).collect()
}
