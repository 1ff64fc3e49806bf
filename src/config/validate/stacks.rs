//! Stacks among each other: the names that they refer to.

use super::{discover::glob, names::KnownNames};
use crate::{
    config::{
        inputs::{check_path, split},
        raw::{document::Document, map::Named, stack::StackTable},
    },
    diagnostic::{Diagnostic, Diagnostics},
};

/// Judges the names that each stack refers to.
pub(crate) fn stacks(document: &Document, names: &KnownNames<'_>, problems: &mut Diagnostics) {
    for (name, stack) in document.stacks.named() {
        let own = &stack.value.own;
        for need in &own.needs {
            let wanted = need.value.0.as_str();
            if wanted == name.as_ref() {
                let problem =
                    Diagnostic::error("config::needs-itself", format!("stack `{name}` needs itself"));
                problems.push(names.sources.at(problem, &need.span, ""));
                continue;
            }
            let message = || format!("stack `{name}` needs `{wanted}`, which is not declared");
            let context = Some((&stack.name_span, "in this stack"));
            names.stack(wanted, &need.span, message, context, problems);
        }
        if let Some(environments) = &own.environments {
            names.environments(environments, problems);
        }
        for (environment, instance) in own.r#in.named() {
            names.environment(environment, &instance.name_span, problems);
            absent(name, stack, environment, &instance.name_span, names, problems);
        }
        inputs(name, stack, document, names, problems);
        for files in &own.files {
            glob(&files.value, &files.span, names.sources, problems);
        }
        if own.path.is_none() && document.discover.is_none() {
            let problem = Diagnostic::error("config::no-path", format!("stack `{name}` has no `path`"))
                .help("write its folder, as `path = \"infra/app\"`; only a discovered stack has none");
            problems.push(names.sources.at(problem, &stack.name_span, "no path here"));
        }
    }
}

/// Judges values from other stacks' outputs, and their stand-ins.
fn inputs(
    name: &str,
    stack: &Named<StackTable>,
    document: &Document,
    names: &KnownNames<'_>,
    problems: &mut Diagnostics,
) {
    let own = &stack.value.own;
    let mut sources: Vec<&str> = Vec::new();
    for (variable, named) in own.inputs.named() {
        let text = &named.value.value;
        let Some(span) = &named.value.origin.span else { continue };
        let parts = split(text, &|name| document.stacks.get(name).is_some());
        let reason = parts.map_or_else(|| Err("no `.` in it".to_owned()), |(_, path)| check_path(path));
        if let Err(reason) = reason {
            let problem = Diagnostic::error("config::input", format!("`{text}` names no output of a stack"))
                .help("a stack and an output, as \"network.vpc_id\" or \"network.zones[0]\"");
            problems.push(names.sources.at(problem, span, reason));
        }
        let Some((from, _)) = parts else { continue };
        sources.push(from);
        if from == name {
            let message = format!("stack `{name}` takes input `{variable}` from itself");
            problems.push(names.sources.at(Diagnostic::error("config::needs-itself", message), span, ""));
            continue;
        }
        let message = || format!("stack `{name}` takes `{variable}` from `{from}`, which is not declared");
        names.stack(from, span, message, Some((&stack.name_span, "in this stack")), problems);
    }
    for (from, mock) in own.mocks.named() {
        if !sources.contains(&from.as_ref()) {
            let message = format!("stack `{name}` takes no input from `{from}`, so its mocks have no effect");
            let problem =
                Diagnostic::error("config::idle-mocks", message).did_you_mean(from, sources.iter().copied());
            problems.push(names.sources.at(problem, &mock.name_span, "no input from it"));
        }
    }
}

/// Settings for an environment where the stack does not exist would have no effect.
fn absent(
    name: &str,
    stack: &Named<StackTable>,
    environment: &str,
    span: &std::ops::Range<usize>,
    names: &KnownNames<'_>,
    problems: &mut Diagnostics,
) {
    let Some(environments) = &stack.value.own.environments else { return };
    if names.is_environment(environment) && environments.iter().all(|declared| declared.value != environment)
    {
        let message = format!("stack `{name}` does not exist in `{environment}`");
        let problem = Diagnostic::error("config::not-in-environment", message)
            .help(format!("add `{environment}` to its `environments`, or take these settings away"));
        problems.push(names.sources.at(problem, span, "settings for it"));
    }
}
