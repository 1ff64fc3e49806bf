//! Validation of `[discover]`: patterns, captures and names.

use std::{collections::BTreeMap, ops::Range};

use crate::{
    config::{
        Config,
        expand::BUILT_IN_TEMPLATE_NAMES,
        path_pattern::PathPattern,
        raw::{document::Document, reader::ConfigSources},
        settings::Environment,
    },
    diagnostic::{Diagnostic, Diagnostics},
};

/// Returns the names that a pattern captures: those between `<` and `>`.
pub(crate) fn captures(pattern: &str) -> impl Iterator<Item = &str> {
    pattern.split('<').skip(1).filter_map(|rest| rest.split_once('>')).map(|(name, _)| name)
}

/// Validates the patterns and globs as written.
pub(crate) fn patterns(document: &Document, sources: &ConfigSources, problems: &mut Diagnostics) {
    let Some(discover) = &document.discover else { return };
    for path in &discover.value.paths {
        if let Err((reason, help)) = check_pattern(path.text()) {
            let message = format!("`{}` is no pattern of folders", path.text());
            let problem = Diagnostic::error("config::discover", message).help(help);
            problems.push(sources.at(problem, &path.span, reason));
        } else if discover.value.name.is_none() && has_environment_and_capture_in_one_folder(path.text()) {
            let names: Vec<String> = captures(path.text()).map(|name| format!("{{{name}}}")).collect();
            let message =
                format!("stacks found by `{}` would have another name in each environment", path.text());
            let problem = Diagnostic::error("config::discover", message)
                .help(format!("name them by their captures: `name = \"{}\"`", names.join("/")));
            problems.push(sources.at(problem, &path.span, "`{env}` beside a capture"));
        }
    }
    for exclude in &discover.value.exclude {
        check_glob(&exclude.value, &exclude.span, sources, problems);
    }
}

/// Validates a glob.
pub(crate) fn check_glob(
    text: &str,
    span: &Range<usize>,
    sources: &ConfigSources,
    problems: &mut Diagnostics,
) {
    if let Err(error) = globset::Glob::new(text) {
        let problem = Diagnostic::error("config::glob", format!("`{text}` is no glob"));
        problems.push(sources.at(problem, span, error.kind().to_string()));
    }
}

/// Validates a pattern as written; returns the reason and the help of an error.
fn check_pattern(pattern: &str) -> Result<(), (String, &'static str)> {
    const SHAPE: &str = "folders relative to this file, as \"infra/live/{env}/<region>/<unit>\"; `<name>` captures a folder or a \
                         part of its name, `**` stands for any number of folders";
    if pattern.is_empty() || pattern.contains("//") {
        return Err(("a folder has no name".to_owned(), SHAPE));
    }
    let parsed = PathPattern::parse(pattern).map_err(|error| (error.reason.to_owned(), SHAPE))?;
    let mut seen: Vec<&str> = Vec::new();
    for name in parsed.capture_names() {
        if BUILT_IN_TEMPLATE_NAMES.contains(&name) {
            return Err((
                format!("`<{name}>` would hide `{{{name}}}`"),
                "give the capture another name; `{env}` is the folder of the environment",
            ));
        }
        if seen.contains(&name) {
            return Err((format!("`<{name}>` is captured twice"), "give each capture a name of its own"));
        }
        seen.push(name);
    }
    Ok(())
}

/// Returns true if a folder of the pattern has both `{env}` and a capture in its name, so that the names of its stacks would
/// differ between environments.
fn has_environment_and_capture_in_one_folder(pattern: &str) -> bool {
    pattern.split('/').any(|folder| folder.contains("{env}") && folder.contains('<'))
}

/// Validates the templates of patterns and names in one environment.
pub(crate) fn templates(config: &Config, environment: &Environment, problems: &mut Diagnostics) {
    if let Err(found) = config.discovery_patterns(environment) {
        problems.extend(found);
    }
    for (path, _) in config.discover.iter().flat_map(|discover| &discover.paths) {
        let captures = placeholder_captures(captures(path));
        if let Err(found) = config.discovered_stack_name(environment, &captures) {
            let names: Vec<_> = captures.keys().map(|name| format!("`<{name}>`")).collect();
            let list = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
            let line = format!("each pattern must fill the name; `{path}` captures {list}");
            problems.extend(found.into_iter().map(|problem| problem.help(line.clone())));
        }
    }
}

/// Returns a placeholder value for each capture, since the real values are known only when stacks are found.
pub(crate) fn placeholder_captures<'a>(names: impl Iterator<Item = &'a str>) -> BTreeMap<String, String> {
    names.map(|name| (name.to_owned(), name.to_owned())).collect()
}

/// Value of `{stack}` in templates that are validated for a whole environment.
pub(crate) const ANY_STACK: Option<&str> = Some("stack");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_made_of_folders_captures_and_any_depth() {
        for good in [
            "infra/<a>",
            "infra/live/{env}/<region>/<unit>/",
            "accounts/<app>-{env}/<unit>",
            "a/x<b>",
            "**/<unit>",
            ".",
            "a/**/b",
        ] {
            assert!(check_pattern(good).is_ok(), "{good}");
        }
        for bad in [
            "", "/infra", "a//b", "../a", "<>", "<a b>", "<env>", "<a>/<a>", "a**/b", "<a", "a>", "<a><b>",
            "<a>>", "a>b<c>",
        ] {
            assert!(check_pattern(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn captures_are_found_in_order() {
        assert_eq!(captures("a/<b>/<c>/d").collect::<Vec<_>>(), ["b", "c"]);
    }
}
