//! Loading of the instances of one environment from the configuration.

use std::ops::Range;

use camino::{Utf8Path, Utf8PathBuf};
use indexmap::IndexMap;

use super::{
    Instance, Inventory, InventoryError, Probe,
    candidates::{StackCandidate, candidates},
    needs::NeedResolver,
    stack_files::StackGeneration,
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
/// list, and of Terragrunt Stacks.
pub fn load(
    config: &Config,
    environment: &Environment,
    probe: &Probe<'_>,
) -> Result<(Inventory, Diagnostics), InventoryError> {
    let generation = probe.stack_generator.map_or(StackGeneration::Compare, StackGeneration::Run);
    let (mut instances, mut found) =
        instances_of(config, environment, generation, (probe.on_path, probe.earlier_engines))?;
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
    instances_of(config, environment, StackGeneration::Skip, (on_path, &|| None))
}

/// Makes the instances of all candidates of an environment, without their needs.
fn instances_of(
    config: &Config,
    environment: &Environment,
    generation: StackGeneration<'_>,
    (on_path, earlier_engines): (&dyn Fn(EngineName) -> bool, &dyn Fn() -> Option<String>),
) -> Result<(Vec<Instance>, Diagnostics), InventoryError> {
    let mut found = Diagnostics::default();
    let candidates = candidates(config, environment, generation, &mut found)?;
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
mod tests;
