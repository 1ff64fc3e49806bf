//! Validation of environments: aliases and promotion order.

use std::collections::HashMap;

use super::names::KnownNames;
use crate::{
    config::raw::{document::Document, field::Located},
    diagnostic::{Diagnostic, Diagnostics},
};

/// Validates aliases: each stands for one environment, and none is the name of another environment.
pub(crate) fn names(document: &Document, names: &KnownNames<'_>, problems: &mut Diagnostics) {
    let mut seen: HashMap<&str, (&str, &Located<String>)> = HashMap::new();
    for (name, layer) in document.environments.iter() {
        for alias in layer.keys.aliases.iter().flat_map(|aliases| &aliases.value) {
            if let Some(named) = document.environments.get_with_span(&alias.value) {
                let message = format!("`{}` cannot be an alias: it is an environment", alias.value);
                let problem = Diagnostic::error("config::alias-is-environment", message);
                let problem = names.sources.at(problem, &alias.span, "");
                problems.push(names.sources.at(problem, &named.name_span, "the environment"));
            } else if let Some((other, first)) = seen.insert(&alias.value, (name, alias)) {
                let message = format!("`{}` is an alias of `{other}` and of `{name}`", alias.value);
                let problem = Diagnostic::error("config::duplicate-alias", message);
                let problem = names.sources.at(problem, &alias.span, "for the second time");
                problems.push(names.sources.at(problem, &first.span, "first here"));
            } else if alias.value.parse::<crate::model::EnvName>().is_err() {
                let problem = Diagnostic::error(
                    "config::name",
                    format!("`{}` cannot be typed as an alias", alias.value),
                )
                .help("letters, digits, `-`, `_` and `.`, a letter or digit first");
                problems.push(names.sources.at(problem, &alias.span, ""));
            }
        }
    }
}

/// Validates promotion order: every name is known, and no environment comes before itself.
pub(crate) fn order(document: &Document, names: &KnownNames<'_>, problems: &mut Diagnostics) {
    let mut judged: Vec<&str> = Vec::new();
    for (name, layer) in document.environments.iter() {
        for before in layer.keys.after.iter().flat_map(|after| &after.value) {
            names.environment(&before.value, &before.span, problems);
        }
        if !judged.contains(&name.as_ref())
            && let Some(circle) = circle_from(document, name)
        {
            judged.extend(circle.iter().map(|(environment, _)| *environment));
            problems.push(circle_error(&circle, names));
        }
    }
}

/// Returns a circle from an environment to itself: each environment with the entry of its `after` that names the next.
fn circle_from<'a>(document: &'a Document, start: &'a str) -> Option<Vec<(&'a str, &'a Located<String>)>> {
    let mut seen = vec![start];
    let mut ways: Vec<Vec<(&str, &Located<String>)>> = vec![Vec::new()];
    while let Some(way) = ways.pop() {
        let here = way.last().map_or(start, |(_, next)| next.value.as_str());
        let Some(layer) = document.environments.get(here) else { continue };
        for next in layer.keys.after.iter().flat_map(|after| &after.value) {
            let mut longer = way.clone();
            longer.push((here, next));
            if next.value == start {
                return Some(longer);
            }
            if !seen.contains(&next.value.as_str()) {
                seen.push(&next.value);
                ways.push(longer);
            }
        }
    }
    None
}

fn circle_error(circle: &[(&str, &Located<String>)], names: &KnownNames<'_>) -> Diagnostic {
    let path: Vec<_> = circle
        .iter()
        .map(|(environment, _)| format!("`{environment}`"))
        .chain(circle.first().map(|(environment, _)| format!("`{environment}`")))
        .collect();
    let message = format!("environments come after each other in a circle: {}", path.join(" after "));
    let mut problem = Diagnostic::error("config::promotion-cycle", message);
    for (environment, next) in circle {
        problem = names.sources.at(problem, &next.span, format!("`{environment}` after `{}`", next.value));
    }
    problem
}
