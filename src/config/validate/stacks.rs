//! Validation of stacks: names of stacks, outputs and environments that their tables refer to.

use std::ops::Range;

use super::{discover::check_glob, names::KnownNames};
use crate::{
    config::{
        inputs::{check_path, possible_splits, split_input},
        raw::{
            document::Document,
            field::Located,
            keywords::StackName,
            map::{Map, NamedValue},
            stack::{StackKeys, StackTable},
        },
    },
    diagnostic::{Diagnostic, Diagnostics},
};

/// Validates the names that each stack refers to.
pub(crate) fn stacks(document: &Document, names: &KnownNames<'_>, problems: &mut Diagnostics) {
    for (name, stack) in document.stacks.with_name_spans() {
        let own = &stack.value.own;
        let of_instances = own.r#in.iter().map(|(_, instance)| &instance.dependencies);
        for dependencies in of_instances.chain([&stack.value.dependencies]) {
            let context = (name.as_ref(), &stack.name_span);
            check_references(context, dependencies.needs.as_deref(), "needs", names, problems);
            check_references(context, dependencies.reads.as_deref(), "reads", names, problems);
        }
        if let Some(environments) = &own.environments {
            names.environments(environments, problems);
        }
        for (environment, instance) in own.r#in.with_name_spans() {
            names.environment(environment, &instance.name_span, problems);
            refuse_absent_stack(name, stack, environment, &instance.name_span, names, problems);
        }
        check_inputs(name, stack, document, names, problems);
        for files in &own.files {
            // Names stand for text without wildcards.
            let expanded = files.0.expand(&mut |name, _, out| {
                out.push_str(name);
                true
            });
            check_glob(&expanded.unwrap_or_default(), &files.0.span, names.sources, problems);
        }
        if own.path.is_none() && document.discover.is_none() {
            let problem = Diagnostic::error("config::no-path", format!("stack `{name}` has no `path`"))
                .help("write its folder, as `path = \"infra/app\"`; only a discovered stack has none");
            problems.push(names.sources.at(problem, &stack.name_span, "no path here"));
        }
    }
}

/// Validates the stacks that a stack names in `needs` or `reads`; `verb` is that key.
fn check_references(
    (name, name_span): (&str, &Range<usize>),
    stacks: Option<&[Located<StackName>]>,
    verb: &str,
    names: &KnownNames<'_>,
    problems: &mut Diagnostics,
) {
    for named in stacks.unwrap_or_default() {
        let wanted = named.value.0.as_str();
        if wanted == name {
            let problem = Diagnostic::error("config::needs-itself", format!("stack `{name}` {verb} itself"));
            problems.push(names.sources.at(problem, &named.span, ""));
            continue;
        }
        let message = || format!("stack `{name}` {verb} `{wanted}`, which is not declared");
        names.stack(wanted, &named.span, message, Some((name_span, "in this stack")), problems);
    }
}

/// Validates inputs and mocks of a stack.
fn check_inputs(
    name: &str,
    stack: &NamedValue<StackTable>,
    document: &Document,
    names: &KnownNames<'_>,
    problems: &mut Diagnostics,
) {
    let own = &stack.value.own;
    let mut sources: Vec<(&str, &str)> = Vec::new();
    let of_instances = own.r#in.iter().map(|(_, instance)| &instance.dependencies);
    let inputs = of_instances.chain([&stack.value.dependencies]).map(|dependencies| &dependencies.inputs);
    for (variable, named) in inputs.flat_map(Map::with_name_spans) {
        let text = &named.value.value;
        let Some(span) = &named.value.origin.span else { continue };
        if let Some(inner) = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}')) {
            let problem = Diagnostic::error("config::input", format!("`{text}` names no output of a stack"))
                .help(format!("write it as it is, without `${{…}}`: \"{inner}\""));
            problems.push(names.sources.at(problem, span, ""));
            sources.extend(split_input(inner, &|_| false).map(|(from, path)| (from, output_name(path))));
            continue;
        }
        let is_declared = |name: &str| document.stacks.get(name).is_some();
        let parts = split_input(text, &is_declared);
        let reason = parts.map_or_else(|| Err("no `.` in it".to_owned()), |(_, path)| check_path(path));
        if let Err(reason) = reason {
            let problem = Diagnostic::error("config::input", format!("`{text}` names no output of a stack"))
                .help("a stack and an output, as \"network.vpc_id\" or \"network.zones[0]\"");
            problems.push(names.sources.at(problem, span, reason));
        }
        refuse_ambiguous(
            text,
            &possible_splits(text, &is_declared),
            |problem| names.sources.at(problem, span, ""),
            problems,
        );
        let Some((from, path)) = parts else { continue };
        sources.push((from, output_name(path)));
        if from == name {
            let message = format!("stack `{name}` takes input `{variable}` from itself");
            problems.push(names.sources.at(Diagnostic::error("config::needs-itself", message), span, ""));
            continue;
        }
        let message = || format!("stack `{name}` takes `{variable}` from `{from}`, which is not declared");
        names.stack(from, span, message, Some((&stack.name_span, "in this stack")), problems);
    }
    check_mocks(name, own, &sources, names, problems);
}

/// Returns the name of the output at the beginning of a path.
fn output_name(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

/// Validates mocks: each must belong to an output that an input of the stack uses.
fn check_mocks(
    name: &str,
    own: &StackKeys,
    sources: &[(&str, &str)],
    names: &KnownNames<'_>,
    problems: &mut Diagnostics,
) {
    for (from, mock) in own.mocks.with_name_spans() {
        let taken: Vec<&str> =
            sources.iter().filter(|(stack, _)| *stack == from.as_ref()).map(|(_, output)| *output).collect();
        if taken.is_empty() {
            let message = format!("stack `{name}` takes no input from `{from}`, so its mocks have no effect");
            let known = sources.iter().map(|(stack, _)| *stack);
            let problem = Diagnostic::error("config::idle-mocks", message).did_you_mean(from, known);
            problems.push(names.sources.at(problem, &mock.name_span, "no input from it"));
        }
        for (output, stand_in) in mock.value.with_name_spans() {
            if !taken.is_empty() && !taken.contains(&output.as_ref()) {
                let message =
                    format!("stack `{name}` takes no `{from}.{output}`, so the mock of it has no effect");
                let problem = Diagnostic::error("config::idle-mock", message)
                    .did_you_mean(output, taken.iter().copied());
                problems.push(names.sources.at(problem, &stand_in.name_span, "nothing takes it"));
            }
        }
    }
}

/// Refuses an input that can mean outputs of several stacks: a new stack must not change the meaning of an input.
fn refuse_ambiguous(
    text: &str,
    possible_splits: &[(&str, &str)],
    at: impl Fn(Diagnostic) -> Diagnostic,
    problems: &mut Diagnostics,
) {
    if possible_splits.len() < 2 {
        return;
    }
    let meant = |quote: &dyn Fn(&(&str, &str)) -> String| {
        possible_splits.iter().map(quote).collect::<Vec<_>>().join(" or ")
    };
    let outputs = meant(&|(stack, path)| format!("`{path}` of stack `{stack}`"));
    let written = meant(&|(stack, path)| format!("`'\"{stack}\".{path}'`"));
    let problem = Diagnostic::error("config::ambiguous-input", format!("`{text}` may be {outputs}"));
    problems.push(at(problem.help(format!("write the stack in quotes: {written}"))));
}

/// Refuses settings for an environment that does not have the stack: they would have no effect.
fn refuse_absent_stack(
    name: &str,
    stack: &NamedValue<StackTable>,
    environment: &str,
    span: &Range<usize>,
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
