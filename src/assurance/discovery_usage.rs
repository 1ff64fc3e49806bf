//! Checks for environments without stacks, and for patterns of `[discover]` that find nothing.

use std::{
    collections::{BTreeSet, HashMap},
    ops::Range,
};

use camino::{Utf8Path, Utf8PathBuf};
use globset::{GlobBuilder, GlobMatcher, GlobSet};

use crate::{
    config::{Config, Discover, Environment, PathPattern},
    diagnostic::{Diagnostic, Diagnostics},
    engine::terragrunt::stack_files::STACK_FILE,
    inventory::{Instance, discovery::find_stacks},
    model::EnvName,
    ui::Count,
};

/// Maximum number of environments that a message names.
const MAX_NAMED: usize = 3;

/// Returns the error for an environment that has no stacks.
pub(super) fn no_stacks_error(config: &Config, environment: &Environment) -> Diagnostic {
    let name = &environment.name;
    let help = if config.stacks().values().any(|stack| stack.path.is_some()) {
        format!("no declared stack is deployed there: `environments = […]` of a stack can name `{name}`")
    } else if config.discover().is_some() {
        "the patterns under `[discover]` find no stack there".to_owned()
    } else {
        "declare one as `[stacks.NAME]`, or many with `[discover]`".to_owned()
    };
    Diagnostic::error("inventory::no-stacks", format!("`{name}` has no stacks"))
        .at(config.source(), environment.span.clone(), "no stack in this environment")
        .help(help)
}

/// Returns errors for patterns of `[discover]` that find no stack in any environment, and warnings for patterns that find
/// none in some environments and for globs of `exclude` that leave out no stack.
///
/// Returns nothing if a pattern or a glob is invalid, or a folder cannot be read: other checks report these. `instances` are
/// those of the project; folders are walked only where these do not answer.
pub(super) fn unmatched_patterns(config: &Config, instances: &[Instance]) -> Diagnostics {
    let Some(discover) = config.discover() else { return Diagnostics::default() };
    DiscoveryUsage::determine(config, discover, instances)
        .map(|usage| usage.findings(config, discover))
        .unwrap_or_default()
}

/// Patterns and globs of `[discover]` with the environments and folders that they match.
#[derive(Default)]
struct DiscoveryUsage {
    /// Environments in which each pattern finds nothing, by the pattern's span.
    without_match: Vec<(Range<usize>, Vec<EnvName>)>,
    /// Folder that each pattern starts from, in the first environment.
    starts: Vec<Utf8PathBuf>,
    /// True for each pattern whose stacks Terragrunt may still have to generate.
    may_be_generated: Vec<bool>,
    /// Indexes of the globs of `exclude` that leave out at least one stack.
    used_globs: BTreeSet<usize>,
}

impl DiscoveryUsage {
    /// Looks for the stacks of each pattern in each environment; `None` if a pattern or a glob is invalid.
    fn determine(config: &Config, discover: &Discover, instances: &[Instance]) -> Option<Self> {
        let globs: Vec<GlobMatcher> = discover
            .exclude
            .iter()
            .map(|(text, _)| {
                Some(GlobBuilder::new(text).literal_separator(true).build().ok()?.compile_matcher())
            })
            .collect::<Option<_>>()?;
        let mut usage = Self::default();
        let mut folders: HashMap<String, (Vec<Utf8PathBuf>, bool)> = HashMap::new();
        for environment in config.environments().values() {
            for (index, (text, span)) in config.discovery_patterns(environment).ok()?.into_iter().enumerate()
            {
                let pattern = PathPattern::parse(&text).ok()?;
                if usage.without_match.len() == index {
                    usage.without_match.push((span, Vec::new()));
                    usage.starts.push(pattern.fixed().to_owned());
                    usage.may_be_generated.push(false);
                }
                let has_instance = || {
                    instances.iter().any(|instance| is_discovered_by(config, &pattern, environment, instance))
                };
                // Globs of `exclude` are held against all folders, also those that they leave out.
                if globs.is_empty() && has_instance() {
                    continue;
                }
                if !folders.contains_key(&text) {
                    let found = find_stacks(config.root(), &pattern, &GlobSet::empty()).ok()?;
                    let paths = found.stacks.into_iter().map(|stack| stack.path).collect();
                    folders.insert(text.clone(), (paths, !found.stack_dirs.is_empty()));
                }
                let mut is_found = false;
                let (paths, has_stack_files) = &folders[&text];
                usage.may_be_generated[index] |= has_stack_files;
                for folder in paths {
                    let excluding: Vec<usize> =
                        (0..globs.len()).filter(|at| excludes(&globs[*at], folder)).collect();
                    is_found |= excluding.is_empty();
                    usage.used_globs.extend(excluding);
                }
                if !is_found {
                    usage.without_match[index].1.push(environment.name.clone());
                }
            }
        }
        Some(usage)
    }

    fn findings(&self, config: &Config, discover: &Discover) -> Diagnostics {
        let environments = config.environments().len();
        let mut found = Diagnostics::default();
        for (index, (span, without)) in self.without_match.iter().enumerate() {
            if without.is_empty() {
                continue;
            }
            let (text, start) = (&discover.paths[index].0, &self.starts[index]);
            let problem = if without.len() < environments {
                let message = format!("the pattern `{text}` finds no stack in {}", named(without));
                Diagnostic::warning("discover::no-stack-in-environment", message)
            } else if self.may_be_generated[index] {
                let message = format!("the pattern `{text}` finds no stack before Terragrunt generates them");
                Diagnostic::warning("discover::not-generated", message)
                    .help(format!("`terragrunt stack generate` makes units from each `{STACK_FILE}`"))
            } else {
                let message = format!("the pattern `{text}` finds no stack in any environment");
                with_missing_folder(Diagnostic::error("discover::no-stack", message), config.root(), start)
            };
            found.push(problem.at(config.source(), span.clone(), "finds nothing"));
        }
        let unused = discover.exclude.iter().enumerate().filter(|(at, _)| !self.used_globs.contains(at));
        found.extend(unused.map(|(_, (glob, span))| {
            Diagnostic::warning("discover::idle-exclude", format!("the glob `{glob}` leaves out no stack"))
                .at(config.source(), span.clone(), "matches nothing that a pattern finds")
        }));
        found
    }
}

/// Returns true if an instance was discovered in an environment in a folder that a pattern matches.
fn is_discovered_by(
    config: &Config,
    pattern: &PathPattern,
    environment: &Environment,
    instance: &Instance,
) -> bool {
    let has_path = || config.stacks().get(&instance.id.stack).is_some_and(|stack| stack.path.is_some());
    instance.id.environment == environment.name
        && !has_path()
        && instance.path.strip_prefix(pattern.fixed()).is_ok_and(|below| pattern.captures(below).is_some())
}

/// Returns true if a glob of `exclude` matches a folder or one above it.
fn excludes(glob: &GlobMatcher, folder: &Utf8Path) -> bool {
    folder.ancestors().any(|path| glob.is_match(path) || glob.is_match(path.join("")))
}

/// Adds the first folder of a pattern that does not exist, and a folder of a similar name beside it.
fn with_missing_folder(problem: Diagnostic, root: &Utf8Path, start: &Utf8Path) -> Diagnostic {
    let mut above: Vec<&Utf8Path> = start.ancestors().filter(|path| !path.as_str().is_empty()).collect();
    above.reverse();
    let Some(missing) = above.into_iter().find(|path| !root.join(path).is_dir()) else { return problem };
    let beside = missing.parent().map(|parent| root.join(parent)).unwrap_or_default();
    let names: Vec<String> = std::fs::read_dir(beside)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    problem
        .help(format!("there is no folder `{missing}`"))
        .did_you_mean(missing.file_name().unwrap_or_default(), names.iter().map(String::as_str))
}

/// Lists environments: the first ones by name, and the number of the others.
fn named(environments: &[EnvName]) -> String {
    let mut names: Vec<String> =
        environments.iter().take(MAX_NAMED).map(|name| format!("`{name}`")).collect();
    if environments.len() > MAX_NAMED {
        names.push(Count((environments.len() - MAX_NAMED) as u64, "more environment").to_string());
    }
    match names.split_last() {
        Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{fixture::Project, instances_without_needs};

    const TOML: &str = "[environments.dev]\n[environments.prod]\n[discover]\n";

    fn findings(discover: &str, files: &[(&str, &str)]) -> Vec<String> {
        let project = Project::new(&format!("{TOML}{discover}\n"), files);
        let config = project.config();
        let found = unmatched_patterns(&config, &[]);
        let instances: Vec<Instance> = config
            .environments()
            .values()
            .filter_map(|environment| instances_without_needs(&config, environment, &|_| true).ok())
            .flat_map(|(instances, _)| instances)
            .collect();
        assert_eq!(unmatched_patterns(&config, &instances), found, "instances answer as the folders do");
        found
            .0
            .iter()
            .map(|found| format!("{:?} {found}; {}", found.severity, found.help.join("; ")))
            .collect()
    }

    #[test]
    fn a_pattern_without_a_stack_in_any_environment_is_an_error() {
        let files = [("live/dev/net/main.tf", "")];
        assert_eq!(
            findings("paths = [\"lives/{env}/<unit>\"]", &files),
            [
                "Error environments.toml:4:10: the pattern `lives/{env}/<unit>` finds no stack in any environment; \
              there is no folder `lives`; did you mean `live`?"
            ]
        );
        assert_eq!(
            findings("paths = [\"live/{env}/<unit>/<part>\", \"live/<stage>/<unit>\"]", &files),
            [
                "Error environments.toml:4:10: the pattern `live/{env}/<unit>/<part>` finds no stack in any environment; "
            ]
        );
    }

    #[test]
    fn a_pattern_without_a_stack_in_one_environment_is_a_warning() {
        assert_eq!(
            findings("paths = [\"live/{env}/<unit>\"]", &[("live/dev/net/main.tf", "")]),
            ["Warning environments.toml:4:10: the pattern `live/{env}/<unit>` finds no stack in `prod`; "]
        );
    }

    #[test]
    fn a_glob_of_exclude_must_leave_out_a_stack() {
        let files =
            [("live/dev/net/main.tf", ""), ("live/prod/net/main.tf", ""), ("live/dev/shared/main.tf", "")];
        let paths = "paths = [\"live/{env}/<unit>\"]\n";
        assert_eq!(findings(&format!("{paths}exclude = [\"**/shared\"]"), &files), [""; 0]);
        assert_eq!(
            findings(&format!("{paths}exclude = [\"**/shared/**\", \"**/modules/**\"]"), &files),
            ["Warning environments.toml:5:28: the glob `**/modules/**` leaves out no stack; "]
        );
        assert_eq!(
            findings(&format!("{paths}exclude = [\"live/**\"]"), &files).len(),
            1,
            "a pattern whose stacks are all excluded finds nothing"
        );
    }

    #[test]
    fn units_that_terragrunt_generates_may_be_absent() {
        let files = [("live/dev/terragrunt.stack.hcl", ""), ("live/prod/terragrunt.stack.hcl", "")];
        let found = findings("paths = [\"live/**/<unit>\"]", &files);
        assert!(
            found[0].starts_with("Warning") && found[0].contains("before Terragrunt generates them"),
            "{found:?}"
        );
    }
}
