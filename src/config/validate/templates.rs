//! Validation of templates in tables without layers: imports, checks, store, pipelines.

use std::collections::BTreeMap;

use super::discover::ANY_STACK;
use crate::{
    config::{
        Config,
        raw::{document::Document, field::TomlValue, template::Template},
        settings::Environment,
    },
    diagnostic::{Diagnostic, Diagnostics},
};

/// Validates the templates of tables without layers, each table in the environments that it concerns.
pub(crate) fn tables(config: &Config, document: &Document, problems: &mut Diagnostics) {
    for (environment, imports) in document.imports.iter() {
        let concerned: Vec<_> = config.environments.get(environment.as_ref()).into_iter().collect();
        in_each(config, &concerned, imports, problems);
    }
    for (_, check) in document.checks.iter() {
        let names = &check.value.environments;
        let concerned: Vec<_> = config
            .environments
            .values()
            .filter(|environment| {
                names.is_empty() || names.iter().any(|name| name.value == environment.name.as_str())
            })
            .collect();
        in_each(config, &concerned, check, problems);
    }
    document.store.iter().for_each(|store| in_any(config, store, problems));
    document.backups.iter().for_each(|backups| in_any(config, backups, problems));
    document.generate.iter().for_each(|generate| in_any(config, generate, problems));
}

fn check_table(config: &Config, environment: &Environment, table: &impl TomlValue) -> Diagnostics {
    let captures = BTreeMap::new();
    let mut expander = config.expander(environment, ANY_STACK, &captures);
    let mut problems = Diagnostics::default();
    table.each_template(&mut |template: &Template| {
        template.expand(&mut |name, span, out| match name.strip_prefix("output.") {
            Some(output) => {
                if !names_output(config, output) {
                    let message = format!("`{{{name}}}` is no output of a stack");
                    let problem = Diagnostic::error("config::unknown-output", message)
                        .help("`{output.STACK.NAME}`, as `{output.app.api_url}`");
                    problems.push(config.sources.at(problem, span, "unknown"));
                }
                true
            }
            None => expander.append_value(name, span, out),
        });
    });
    problems.extend(expander.problems);
    problems
}

/// Validates a table that is used in each of these environments: every name must be known in all of them.
fn in_each(
    config: &Config,
    environments: &[&Environment],
    table: &impl TomlValue,
    problems: &mut Diagnostics,
) {
    for environment in environments {
        problems.extend(check_table(config, environment, table));
    }
}

/// Validates a table that is used once for all environments: a name must be known in at least one.
fn in_any(config: &Config, table: &impl TomlValue, problems: &mut Diagnostics) {
    let mut found = config.environments.values().map(|environment| check_table(config, environment, table));
    if let Some(first) = found.next()
        && !found.any(|problems| problems.0.is_empty())
    {
        problems.extend(first);
    }
}

/// Returns true if a text such as `app.api_url` is an output of a stack. With `[discover]` any stack is accepted, since only
/// the inventory knows the names.
fn names_output(config: &Config, text: &str) -> bool {
    crate::config::inputs::split_input(text, &|name| config.stacks.contains_key(name)).is_some_and(
        |(stack, path)| {
            crate::config::inputs::check_path(path).is_ok()
                && (config.discover.is_some() || config.stacks.contains_key(stack))
        },
    )
}
