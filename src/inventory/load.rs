//! Loading of the instances of one environment from the configuration.

use std::ops::Range;

use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexMap;

use super::{
    Instance, Inventory, InventoryError, Probe,
    candidates::{StackCandidate, candidates},
    needs::NeedResolver,
};
use crate::{
    config::{Config, Environment},
    diagnostic::{Diagnostic, Diagnostics},
    engine::detect::{DetectError, Detector},
    graph::{GraphError, StackGraph, StackNode},
    model::{EngineName, InstanceId, StackId},
    ui::Count,
};

/// Loads the instances of one environment and returns them with findings.
///
/// An error among the findings (a folder that does not exist) does not hide the other instances: `envctl list` shows them,
/// and verbs that run an engine refuse. envctl reads no HCL here, except that of units which Terragrunt leaves out of its
/// list.
pub fn load(
    config: &Config,
    environment: &Environment,
    probe: &Probe<'_>,
) -> Result<(Inventory, Diagnostics), InventoryError> {
    let (mut instances, mut found) =
        instances_of(config, environment, (probe.on_path, probe.earlier_engines))?;
    NeedResolver { config, environment, probe }.resolve(&mut instances, &mut found)?;
    let nodes = instances.iter().map(|instance| StackNode {
        stack: instance.id.stack.clone(),
        needs: instance.needs.clone(),
        tags: instance.tags.clone(),
    });
    let graph = StackGraph::new(nodes.collect()).map_err(|error| {
        found.push(graph_error(config, &instances, &error));
        InventoryError::Invalid(std::mem::take(&mut found))
    })?;
    let mut by_name: IndexMap<StackId, Option<Instance>> =
        instances.into_iter().map(|instance| (instance.id.stack.clone(), Some(instance))).collect();
    let ordered = graph.order().into_iter().filter_map(|stack| {
        let instance = by_name.get_mut(&stack)?.take()?;
        Some((stack, instance))
    });
    let instances = ordered.collect();
    Ok((Inventory { environment: environment.name.clone(), instances, graph }, found))
}

/// Loads the instances of one environment in the order of declaration, without their needs: Terragrunt is not run.
///
/// These suffice to compare the state addresses of several environments.
pub fn instances_without_needs(
    config: &Config,
    environment: &Environment,
    on_path: &dyn Fn(EngineName) -> bool,
) -> Result<(Vec<Instance>, Diagnostics), InventoryError> {
    instances_of(config, environment, (on_path, &|| None))
}

/// Makes the instances of all candidates of an environment, without their needs.
fn instances_of(
    config: &Config,
    environment: &Environment,
    (on_path, earlier_engines): (&dyn Fn(EngineName) -> bool, &dyn Fn() -> Option<String>),
) -> Result<(Vec<Instance>, Diagnostics), InventoryError> {
    let mut found = Diagnostics::default();
    let candidates = candidates(config, environment, &mut found)?;
    let mut instances = Vec::with_capacity(candidates.len());
    let detector = Detector::new(config.root(), on_path);
    let mut undetected = UndetectedEngines::default();
    for candidate in candidates {
        instances.extend(make_instance(
            config,
            environment,
            candidate,
            &detector,
            (&mut found, &mut undetected),
        ));
    }
    found.extend(undetected.into_error(config, earlier_engines));
    Ok((instances, found))
}

/// Stacks whose engine could not be detected, collected for one error.
#[derive(Default)]
struct UndetectedEngines {
    /// Folders of the stacks, relative to environments.toml.
    paths: Vec<Utf8PathBuf>,
    /// Span of the first declared stack among them.
    declared: Option<Range<usize>>,
    /// Error of the last stack among them.
    error: Option<DetectError>,
}

/// Maximum number of stacks that a message names.
const MAX_NAMED_STACKS: usize = 3;

impl UndetectedEngines {
    /// Returns one error for all of the stacks.
    fn into_error(self, config: &Config, earlier_engines: &dyn Fn() -> Option<String>) -> Option<Diagnostic> {
        let error = self.error?;
        let mut names: Vec<String> =
            self.paths.iter().take(MAX_NAMED_STACKS).map(|path| format!("`{path}`")).collect();
        if let Some(others) = self.paths.len().checked_sub(MAX_NAMED_STACKS).filter(|others| *others > 0) {
            names.push(Count(others as u64, "more stack").to_string());
        }
        let last = names.pop()?;
        let all = if names.is_empty() { last } else { format!("{} and {last}", names.join(", ")) };
        let mut problem = Diagnostic::error("inventory::engine", error.of_stacks(&all, self.paths.len()));
        if matches!(error, DetectError::Ambiguous { .. }) {
            problem.help.extend(earlier_engines());
        }
        problem.help.extend(error.hint().map(str::to_owned));
        Some(match self.declared {
            Some(span) => problem.at(config.source(), span, ""),
            None => problem,
        })
    }
}

/// Makes the instance of a candidate; `None`, with a finding, if its folder does not exist or its engine is not
/// detected.
fn make_instance(
    config: &Config,
    environment: &Environment,
    candidate: StackCandidate,
    detector: &Detector<'_>,
    (found, undetected): (&mut Diagnostics, &mut UndetectedEngines),
) -> Option<Instance> {
    let declared = config.stacks().get(&candidate.stack);
    let dir = config.root().join(&candidate.settings.path);
    let id = InstanceId { environment: environment.name.clone(), stack: candidate.stack };
    let declared_engine = declared.and_then(|stack| stack.engine).or(config.project().engine);
    let engine = match (declared_engine, candidate.files) {
        (Some(engine), Some(_)) => engine,
        (Some(engine), None) => {
            if !dir.is_dir() {
                found.push(missing_folder_error(config, &id, &candidate.settings.path, &dir));
            }
            engine
        }
        (None, files) => {
            let Some(files) = files.or_else(|| entry_names(&dir)) else {
                found.push(missing_folder_error(config, &id, &candidate.settings.path, &dir));
                return None;
            };
            match detector.engine_of(&dir, &files) {
                Ok(engine) => engine,
                Err(error @ (DetectError::Ambiguous { .. } | DetectError::NoneOnPath { .. })) => {
                    undetected.paths.push(candidate.settings.path.clone());
                    if undetected.declared.is_none() {
                        undetected.declared = declared.map(|stack| stack.span.clone());
                    }
                    undetected.error = Some(error);
                    return None;
                }
                Err(error) => {
                    let mut problem = Diagnostic::error("inventory::engine", error.to_string());
                    problem.help.extend(error.hint().map(str::to_owned));
                    found.push(match declared {
                        Some(stack) => problem.at(config.source(), stack.span.clone(), ""),
                        None => problem,
                    });
                    return None;
                }
            }
        }
    };
    let mut tags: Vec<String> = declared.map(|stack| stack.tags.clone()).unwrap_or_default();
    tags.extend(candidate.captures.iter().map(|(name, value)| format!("{name}={value}")));
    Some(Instance {
        id,
        path: candidate.settings.path.clone(),
        dir,
        engine,
        settings: candidate.settings,
        needs: Vec::new(),
        tags,
        span: declared.map(|stack| stack.span.clone()),
    })
}

/// Returns the names of a folder's entries; `None` when `dir` is no folder.
fn entry_names(dir: &Utf8Path) -> Option<Vec<String>> {
    let entries = std::fs::read_dir(dir).ok()?;
    Some(entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect())
}

fn missing_folder_error(config: &Config, id: &InstanceId, path: &Utf8PathBuf, dir: &Utf8Path) -> Diagnostic {
    let what = if dir.exists() { "is no folder" } else { "does not exist" };
    let problem =
        Diagnostic::error("inventory::missing-path", format!("the folder of `{id}` {what}: `{path}`"));
    let path = config.stacks().get(&id.stack).and_then(|stack| stack.path.as_ref());
    match path {
        Some((_, span)) => problem.at(config.source(), span.clone(), what),
        None => problem,
    }
}

fn graph_error(config: &Config, instances: &[Instance], error: &GraphError) -> Diagnostic {
    let mut problem = Diagnostic::error("inventory::graph", error.to_string());
    if let GraphError::Cycle(path) = error {
        problem.code = "inventory::cycle";
        for pair in path.windows(2) {
            let instance = instances.iter().find(|instance| instance.id.stack == pair[0]);
            let needs = instance.map(|instance| instance.settings.needs.as_slice()).unwrap_or_default();
            if let Some(need) = needs.iter().find(|need| need.stack == pair[1]) {
                problem = problem.at(config.source(), need.span.clone(), format!("`{}` needs it", pair[0]));
            }
        }
    }
    problem
}

#[cfg(test)]
mod tests {
    use crate::{
        inventory::{Instance, fixture::Project},
        model::EngineName,
    };

    fn described(instances: &[Instance]) -> Vec<String> {
        let line = |i: &Instance| {
            let needs: Vec<&str> = i.needs.iter().map(crate::model::StackId::as_str).collect();
            format!("{} in {} needs [{}] tags {:?}", i.id, i.path, needs.join(" "), i.tags)
        };
        instances.iter().map(line).collect()
    }

    const NAMED: &str = r#"
[environments.dev]
[environments.prod]
[stacks.app]
path = "environments/{env}/app"
needs = ["network"]
[stacks.network]
path = "environments/{env}/network"
tags = ["base"]
[stacks.extra]
path = "extra"
environments = ["prod"]
"#;

    const NAMED_FILES: &[(&str, &str)] = &[
        ("environments/dev/app/main.tf", ""),
        ("environments/dev/network/main.tofu", ""),
        ("environments/prod/network/main.tf", ""),
        ("extra/main.tf", ""),
        ("extra/.terraform-version", "1.7"),
    ];

    #[test]
    fn named_stacks_come_needs_first_with_their_paths_in_the_environment() {
        let instances = Project::new(NAMED, NAMED_FILES).instances("dev");
        assert_eq!(
            described(&instances),
            [
                "dev/network in environments/dev/network needs [] tags [\"base\"]",
                "dev/app in environments/dev/app needs [network] tags []"
            ]
        );
    }

    #[test]
    fn a_missing_folder_is_reported_with_its_place_and_others_are_listed() {
        let project = Project::new(NAMED, NAMED_FILES);
        assert_eq!(
            project.problems("prod").lines().next(),
            Some("environments.toml:5:8: the folder of `prod/app` does not exist: `environments/prod/app`")
        );
    }

    #[test]
    fn each_stack_has_the_engine_that_its_files_point_at() {
        let project = Project::new(NAMED, NAMED_FILES);
        project.write("environments/prod/app/main.tf", "");
        let engines: Vec<EngineName> = project.instances("prod").iter().map(|i| i.engine).collect();
        assert_eq!(engines, [EngineName::Tofu, EngineName::Tofu, EngineName::Terraform]);
    }

    #[test]
    fn a_need_that_is_not_deployed_here_is_told() {
        let toml = "[environments.dev]\n[stacks.a]\npath = \"a\"\nneeds = [\"b\"]\n[stacks.b]\npath = \"b\"\nenvironments = []\n";
        let project = Project::new(toml, &[("a/main.tf", ""), ("b/main.tf", "")]);
        assert_eq!(
            project.problems("dev"),
            "environments.toml:4:10: stack `a` needs `b`, which is not deployed in `dev`"
        );
    }

    #[test]
    fn a_cycle_is_told_with_its_whole_path() {
        let toml = "[environments.dev]\n[stacks.a]\npath = \"a\"\nneeds = [\"b\"]\n[stacks.b]\npath = \"b\"\nneeds = [\"a\"]\n";
        let project = Project::new(toml, &[("a/main.tf", ""), ("b/main.tf", "")]);
        assert_eq!(project.problems("dev"), "environments.toml:4:10: stacks need each other: a → b → a");
    }

    const DISCOVER: &str = r#"
[environments.dev]
[environments.prod]
[discover]
paths = ["live/{env}/<region>/<unit>"]
exclude = ["**/old"]
[stacks."eu/app"]
tags = ["front"]
environments = ["dev"]
"#;

    const LIVE: &[(&str, &str)] = &[
        ("live/root.hcl", ""),
        ("live/dev/eu/app/terragrunt.hcl", ""),
        ("live/dev/eu/vpc/terragrunt.hcl", ""),
        ("live/dev/eu/old/terragrunt.hcl", ""),
        ("live/prod/eu/app/terragrunt.hcl", ""),
        ("live/prod/eu/vpc/terragrunt.hcl", ""),
    ];

    #[test]
    fn discovered_stacks_are_named_tagged_and_ordered_by_terragrunts_edges() {
        let answer = r#"[
          { "type": "unit", "path": "vpc" },
          { "type": "unit", "path": "app", "dependencies": ["vpc", "../../shared/dns"] } ]"#;
        let project = Project::new(DISCOVER, LIVE).with_units(answer);
        assert_eq!(
            described(&project.instances("dev")),
            [
                "dev/eu/vpc in live/dev/eu/vpc needs [] tags [\"region=eu\", \"unit=vpc\"]",
                "dev/eu/app in live/dev/eu/app needs [eu/vpc] tags [\"front\", \"region=eu\", \"unit=app\"]"
            ]
        );
        assert_eq!(
            project.problems("dev"),
            "unit `eu/app` depends on `live/shared/dns`, which is no stack of `dev`"
        );
        let names: Vec<String> = project.instances("prod").iter().map(|i| i.id.to_string()).collect();
        assert_eq!(names, ["prod/eu/vpc"], "a decorated stack exists where it says");
    }

    #[test]
    fn a_cycle_of_units_is_told_although_terragrunt_hides_it() {
        let files = [
            ("live/dev/eu/app/terragrunt.hcl", "dependency \"v\" {\n  config_path = \"../vpc\"\n}\n"),
            ("live/dev/eu/vpc/terragrunt.hcl", "dependency \"a\" {\n  config_path = \"../app\"\n}\n"),
        ];
        let project = Project::new(DISCOVER, &files);
        assert_eq!(project.problems("dev"), "stacks need each other: eu/app → eu/vpc → eu/app");
    }

    #[test]
    fn a_decorated_stack_that_nothing_discovers_is_told() {
        let toml = format!("{DISCOVER}[stacks.\"eu/vcp\"]\ntags = [\"x\"]\n");
        let project = Project::new(&toml, LIVE);
        let (_, found) = project.load("dev").unwrap();
        let lost = found.0.iter().find(|d| d.code == "inventory::not-discovered").unwrap();
        assert_eq!(lost.message, "no stack `eu/vcp` is discovered");
        assert_eq!(lost.help, ["did you mean `eu/vpc`?"]);
        assert_eq!(found.0.iter().filter(|d| d.code == "inventory::not-discovered").count(), 1);
    }

    #[test]
    fn a_named_stack_keeps_its_folder_from_being_discovered_again() {
        let toml = format!("{DISCOVER}[stacks.network]\npath = \"live/{{env}}/eu/vpc\"\n");
        let names: Vec<String> =
            Project::new(&toml, LIVE).instances("dev").iter().map(|i| i.id.to_string()).collect();
        assert_eq!(names, ["dev/network", "dev/eu/app"]);
    }

    #[test]
    fn two_folders_of_one_name_are_told() {
        let toml = DISCOVER
            .replace("exclude", "name = \"{region}\"\nexclude")
            .replace("[stacks.\"eu/app\"]", "[stacks.eu]");
        let problems = Project::new(&toml, LIVE).problems("dev");
        assert!(
            problems.contains("`live/dev/eu/vpc` and `live/dev/eu/app` would both be called `eu`"),
            "{problems}"
        );
    }
}
