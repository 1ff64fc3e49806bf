//! Validation of tables without layers: required keys, and references to environments and stacks.

use super::{
    discover::{check_glob, patterns},
    environments,
    layers::layers,
    names::KnownNames,
    stacks,
};
use crate::{
    config::{
        environments::ResolvedEnvironments,
        raw::{
            checks::CheckTable, comparison::ParityTable, document::Document, field::Located,
            generate::GenerateTable, imports::ImportTable, layer::LayerTable, parsed_text::check_json_path,
            reader::ConfigSources,
        },
    },
    diagnostic::{Diagnostic, Diagnostics},
};

/// Validates everything in environments.toml that does not need the merged layers of stacks.
pub(crate) fn document(
    document: &Document,
    (resolved, overrides): (&ResolvedEnvironments, &[LayerTable]),
    sources: &ConfigSources,
    problems: &mut Diagnostics,
) {
    let names = KnownNames::new(document, sources);
    check_project(document, sources, problems);
    layers(document, overrides, sources, problems);
    patterns(document, sources, problems);
    guards(resolved, sources, problems);
    environments::names(document, &names, problems);
    environments::order(document, &names, problems);
    stacks::stacks(document, &names, problems);
    for (environment, stacks) in document.imports.with_name_spans() {
        names.environment(environment, &stacks.name_span, problems);
        for (stack, import) in stacks.value.with_name_spans() {
            let message = || format!("imports are declared for stack `{stack}`, which is not declared");
            names.stack(stack, &import.name_span, message, None, problems);
            check_imports(&import.value, sources, problems);
        }
    }
    if let Some(isolation) = &document.isolation {
        names.environments(&isolation.value.environments, problems);
        for distinct in &isolation.value.distinct {
            check_glob(&distinct.value, &distinct.span, sources, problems);
        }
    }
    if let Some(table) = &document.parity {
        check_parity(table, &names, problems);
    }
    for (name, table) in document.checks.iter() {
        check_check_table(name, table, &names, resolved, problems);
    }
    if let Some(table) = &document.generate {
        check_generate(table, &names, problems);
    }
}

fn check_project(document: &Document, sources: &ConfigSources, problems: &mut Diagnostics) {
    let Some(project) = &document.project else {
        let problem = Diagnostic::error("config::missing-key", "the file does not say what it is for");
        problems.push(sources.at(problem, &(0..0), "").help("write `[project]` with a `name`"));
        return;
    };
    if let Some(name) = project.name.as_ref().filter(|name| name.value.trim().is_empty()) {
        let problem = Diagnostic::error("config::name", "the project's name is empty");
        problems.push(sources.at(problem, &name.span, ""));
    }
    if let Some(wanted) = &project.envctl_version
        && !wanted.value.allows(env!("CARGO_PKG_VERSION"))
    {
        let message =
            format!("this is envctl {}, the file wants {}", env!("CARGO_PKG_VERSION"), wanted.value);
        let problem = Diagnostic::error("config::envctl-version", message);
        problems.push(sources.at(problem, &wanted.span, "not this version"));
    }
}

/// Refuses a guard of several keys when one of them is missing in the merged layers.
fn guards(resolved: &ResolvedEnvironments, sources: &ConfigSources, problems: &mut Diagnostics) {
    for (environment, (_, layers)) in resolved {
        let guards = layers.top.keys.guards.as_ref();
        let Some(identity) = guards.and_then(|guards| guards.identity.as_ref()) else { continue };
        let (missing, origin) = match (&identity.command, &identity.matches) {
            (Some(command), None) => ("matches", &command.origin),
            (None, Some(matches)) => ("command", &matches.origin),
            _ => continue,
        };
        if sources.is_unread(missing) {
            continue;
        }
        let message = format!("the identity guard of `{environment}` has no `{missing}`");
        let mut problem = Diagnostic::error("config::missing-key", message)
            .help("`identity = { command = [\"…\"], matches = \"…\" }`");
        if let Some(span) = &origin.span {
            problem = sources.at(problem, span, "");
        }
        problems.push(problem);
    }
}

fn check_imports(table: &Located<ImportTable>, sources: &ConfigSources, problems: &mut Diagnostics) {
    let has_rows = !table.value.resources.is_empty();
    let unread = ["file", "resources"].iter().any(|key| sources.is_unread(key));
    if table.value.file.is_some() == has_rows && !unread {
        let message = if has_rows { "a list and a file at once" } else { "nothing to import" };
        let problem = Diagnostic::error("config::imports", message)
            .help("either `resources = [ { to = \"…\", id = \"…\" } ]` or `file = \"imports.csv\"`");
        problems.push(sources.at(problem, &table.span, ""));
    }
    let mut seen: Vec<&Located<String>> = Vec::new();
    for to in table.value.resources.iter().filter_map(|row| row.value.to.as_ref()) {
        if let Some(first) = seen.iter().find(|first| first.value == to.value) {
            let problem = Diagnostic::error("config::imports", format!("`{}` is imported twice", to.value));
            let problem = sources.at(problem, &to.span, "for the second time");
            problems.push(sources.at(problem, &first.span, "first here"));
        }
        seen.push(to);
    }
}

fn check_parity(table: &ParityTable, names: &KnownNames<'_>, problems: &mut Diagnostics) {
    for pair in &table.pairs {
        names.environments(&pair.value, problems);
        if pair.value.len() != 2 || pair.value[0].value == pair.value[1].value {
            let problem = Diagnostic::error("config::parity", "a pair is made of two environments");
            problems.push(names.sources.at(problem, &pair.span, "not a pair"));
        }
    }
}

fn check_check_table(
    name: &str,
    table: &Located<CheckTable>,
    names: &KnownNames<'_>,
    resolved: &ResolvedEnvironments,
    problems: &mut Diagnostics,
) {
    let check = &table.value;
    names.environments(&check.environments, problems);
    for stack in &check.stacks {
        let message = || format!("check `{name}` is for stack `{}`, which is not declared", stack.value);
        names.stack(&stack.value, &stack.span, message, None, problems);
    }
    let kinds = [check.http.is_some(), check.command.is_some(), check.tcp.is_some()];
    let unread = ["http", "command", "tcp"].iter().any(|key| names.sources.is_unread(key));
    if kinds.into_iter().filter(|kind| *kind).count() != 1 && !unread {
        let problem =
            Diagnostic::error("config::check", format!("check `{name}` asks nothing, or several things"))
                .help("exactly one of `http = \"https://…\"`, `command = [\"…\"]`, `tcp = \"host:port\"`");
        problems.push(names.sources.at(problem, &table.span, ""));
    }
    if let Some(status) = check.status.as_ref().filter(|status| !(100..=599).contains(&status.value)) {
        let problem = Diagnostic::error("config::check", format!("{} is no status of HTTP", status.value));
        problems.push(names.sources.at(problem, &status.span, "from 100 to 599"));
    }
    for (path, named) in check.json.with_name_spans() {
        if let Err(reason) = check_json_path(path) {
            let problem =
                Diagnostic::error("config::json-path", format!("`{path}` is no path into a JSON document"))
                    .help("`$` and keys or indices behind it, as \"$.status\" or \"$.items[0].id\"");
            problems.push(names.sources.at(problem, &named.name_span, reason));
        }
    }
    let wanted: Vec<_> = check.environments.iter().map(|name| name.value.as_str()).collect();
    for (header, value) in check.headers.iter() {
        let crate::config::raw::checks::HeaderValue::Secret(secret) = value else { continue };
        for (environment, (_, layers)) in resolved {
            let concerned = wanted.is_empty() || wanted.contains(&environment.as_str());
            let known = layers.top.keys.secrets.get(&secret.value).is_some();
            if concerned && !known && !names.sources.is_unread(&secret.value) {
                let message = format!(
                    "header `{header}` needs secret `{}`, which `{environment}` does not have",
                    secret.value
                );
                let problem = Diagnostic::error("config::unknown-secret", message).did_you_mean(
                    &secret.value,
                    layers.top.keys.secrets.iter().map(|(name, _)| name.as_ref()),
                );
                problems.push(names.sources.at(problem, &secret.span, "no such secret"));
            }
        }
    }
}

fn check_generate(table: &GenerateTable, names: &KnownNames<'_>, problems: &mut Diagnostics) {
    for pipeline in table.github.iter().chain(&table.gitlab) {
        for (_, deploy) in pipeline.deploy.iter() {
            if let Some(environment) = &deploy.environment {
                names.environment(&environment.value, &environment.span, problems);
            }
        }
    }
}
