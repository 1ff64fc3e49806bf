//! Check for keys of environments.toml that this version does not support.

use crate::{
    config::{Config, Environment, Unsupported, VerbClass},
    diagnostic::{Diagnostic, Diagnostics},
    inventory::Instance,
};

/// Returns findings for the unsupported keys of an environment and its instances, without duplicates.
///
/// An error if a verb of these classes would have to honour the key, a warning if only other verbs would.
pub(super) fn unsupported_keys<'a>(
    config: &Config,
    environment: &Environment,
    instances: impl Iterator<Item = &'a Instance>,
    classes: &[VerbClass],
) -> Diagnostics {
    let mut keys = config.unsupported(Some(environment));
    for key in instances.flat_map(|instance| &instance.settings.unsupported) {
        if !keys.contains(key) {
            keys.push(key.clone());
        }
    }
    Diagnostics(keys.iter().map(|key| finding(config, key, classes)).collect())
}

fn finding(config: &Config, key: &Unsupported, classes: &[VerbClass]) -> Diagnostic {
    let message = format!("`{}` is not supported yet", key.path);
    let problem = if key.concerns(classes) {
        Diagnostic::error("check::unsupported", message)
            .help("take it out until a version honours it: it would silently have no effect")
    } else {
        Diagnostic::warning("check::unsupported", message).help("verbs that would have to honour it refuse")
    };
    match &key.origin.span {
        Some(span) => problem.at(config.source(), span.clone(), ""),
        None => problem,
    }
}
