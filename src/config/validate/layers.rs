//! Validation of the names in each layer: HCL variables, environment variables, backends, names that envctl reserves.

use std::ops::Range;

use crate::{
    config::raw::{
        comparison::is_variable_name, document::Document, layer::LayerTable, reader::ConfigSources,
    },
    diagnostic::{Diagnostic, Diagnostics},
};

/// Validates every layer of a document, and the layers of flags and `ENVCTL_*` variables.
pub(crate) fn layers(
    document: &Document,
    overrides: &[LayerTable],
    sources: &ConfigSources,
    problems: &mut Diagnostics,
) {
    let shared = document.defaults.iter();
    let named = document.templates.iter().chain(document.environments.iter()).map(|(_, layer)| layer);
    let of_stacks = document.stacks.iter().flat_map(|(_, stack)| {
        stack.layer.as_deref().into_iter().chain(stack.own.r#in.iter().map(|(_, instance)| &instance.layer))
    });
    for layer in shared.chain(named).chain(of_stacks).chain(overrides) {
        check_layer(layer, sources, problems);
    }
}

fn check_layer(layer: &LayerTable, sources: &ConfigSources, problems: &mut Diagnostics) {
    let vars = layer.keys.vars.with_name_spans().map(|(name, named)| (name, &named.name_span));
    let secrets = layer.keys.secrets.with_name_spans().map(|(name, named)| (name, &named.name_span));
    for (name, span) in vars.chain(secrets) {
        if !is_variable_name(name) {
            let problem =
                Diagnostic::error("config::variable", format!("`{name}` is no name of an HCL variable"))
                    .help("a letter or `_`, then letters, digits, `_` and `-`");
            problems.push(sources.at(problem, span, ""));
        }
    }
    for (name, named) in layer.keys.env.with_name_spans() {
        check_env_name(name, &named.name_span, sources, problems);
    }
    for (backend_type, named) in layer.keys.backend.with_name_spans() {
        if let Some(reason) = refused_backend(backend_type) {
            let problem =
                Diagnostic::error("config::backend", format!("backend `{backend_type}` cannot be used"))
                    .help(reason);
            problems.push(sources.at(problem, &named.name_span, ""));
        }
    }
}

/// Returns the reason why a backend is refused; `None` for a usable one.
fn refused_backend(backend_type: &str) -> Option<&'static str> {
    match backend_type {
        "remote" | "cloud" => {
            Some("it has no saved plans, so what was reviewed could not be what is applied")
        }
        _ => None,
    }
}

/// Environment variables that envctl sets itself or keeps from engines, each with the help that says what to write instead.
/// A name that ends with `*` is a prefix.
const RESERVED: &[(&str, &str)] = &[
    ("TF_WORKSPACE", "write `workspace = \"…\"`"),
    ("TF_DATA_DIR", "each instance has a data directory of its own"),
    ("TF_INPUT", "engines never ask"),
    ("TF_IN_AUTOMATION", "envctl sets it"),
    ("TF_CLI_ARGS*", "write `plan_args`, `init_args` or `apply_args` into the engine's table"),
    ("TF_VAR_*", "write it into `vars`, or into `secrets` when it must not be seen"),
    ("TF_LOG*", "the engine's own log would hold values and secrets: use it with the bare engine"),
    ("TG_*", "it would take Terragrunt elsewhere than envctl reviewed"),
    ("TERRAGRUNT_*", "it would take Terragrunt elsewhere than envctl reviewed"),
];

fn check_env_name(name: &str, span: &Range<usize>, sources: &ConfigSources, problems: &mut Diagnostics) {
    let owned = RESERVED.iter().find(|(owned, _)| match owned.strip_suffix('*') {
        Some(beginning) => name.starts_with(beginning),
        None => name == *owned,
    });
    let (problem, label) = if let Some((owned, place)) = owned {
        let is_set = !["TF_LOG*", "TG_*", "TERRAGRUNT_*"].contains(owned);
        let what = if is_set { "is set by envctl itself" } else { "is never handed to an engine" };
        let message = format!("`{name}` {what}");
        (Diagnostic::error("config::owned-variable", message).help(*place), "not free")
    } else if name.is_empty() || name.contains(['=', '\0']) {
        let message = format!("`{}` is no name of a variable", name.escape_default());
        (Diagnostic::error("config::env", message), "")
    } else {
        return;
    };
    problems.push(sources.at(problem, span, label));
}
