//! Stacks that this checkout has deployed and that no file declares any more: what they made still exists.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
};

use anyhow::Context as _;
use camino::Utf8Path;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Context,
    run_history::{PastRun, past_runs},
};
use crate::{
    config::Config,
    diagnostic::Diagnostic,
    engine::{recorded_state, state_addresses},
    files,
    inventory::{Instance, Inventory},
    journal::RunStore,
    model::{EnvName, InstanceId, RunId, StackId, StackReport, StackResult},
    ui::shell_word,
};

/// Stack that was deployed and is gone from the files.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct UndeclaredStack {
    /// The environment that it was deployed to.
    #[schemars(with = "String")]
    environment: EnvName,
    /// Its name.
    #[schemars(with = "String")]
    stack: StackId,
    /// The folder that it had, relative to environments.toml.
    path: String,
    /// The newest run that changed it, or found it as its files said.
    #[schemars(with = "String")]
    run: RunId,
    /// The commit of that run.
    commit: Option<String>,
}

impl UndeclaredStack {
    fn message(&self) -> String {
        let Self { environment, stack, path, run, .. } = self;
        format!(
            "stack `{stack}` (`{path}`) of `{environment}` is gone from the files since run {run}; what it made is not"
        )
    }

    /// Returns what to type to get at what it made.
    fn hints(&self, context: &Context, config: &Config) -> Vec<String> {
        let folder = config.root().join(&self.path);
        let restore = self.commit.as_ref().filter(|_| !folder.exists()).map(|commit| {
            let (commit, path) = (commit.get(..12).unwrap_or(commit), context.shown(&folder));
            format!("`git restore --source={commit} -- {}` brings its files back", shell_word(path.as_str()))
        });
        let (environment, stack) = (&self.environment, shell_word(self.stack.as_str()));
        let destroy = format!(
            "with its table and its files written back, `envctl destroy {environment} {stack}` shows what it made and asks"
        );
        restore.into_iter().chain([destroy]).collect()
    }

    /// Says it on standard error.
    pub(super) fn say(&self, context: &Context, config: &Config) {
        context.printer.warn(self.message());
        for hint in self.hints(context, config) {
            context.printer.hint(hint);
        }
    }

    /// Returns it as a finding of a check.
    pub(super) fn finding(&self, context: &Context, config: &Config) -> Diagnostic {
        let problem = Diagnostic::warning("inventory::gone", self.message());
        self.hints(context, config).into_iter().fold(problem, Diagnostic::help)
    }
}

/// Returns the stacks of an environment that are gone. `inventory` is absent where the environment itself is gone; `stated` gives
/// the instances of all environments by the addresses of their states, and is asked only where a stack may be gone.
///
/// A stack that was renamed is not gone: an instance states the address of its state, or knows its state by now.
pub(super) fn undeclared_stacks(
    context: &Context,
    config: &Config,
    environment: &EnvName,
    inventory: Option<&Inventory>,
    stated: &dyn Fn() -> BTreeMap<String, InstanceId>,
) -> anyhow::Result<Vec<UndeclaredStack>> {
    let store = RunStore::new(config.root());
    let instances: Vec<&Instance> = inventory.into_iter().flat_map(Inventory::instances).collect();
    let declared: BTreeSet<String> = instances.iter().map(|instance| instance.id.stack.file_name()).collect();
    let mut known = recorded_stacks(&store, environment)?;
    known.retain(|name| !declared.contains(name));
    if known.is_empty() {
        return Ok(Vec::new());
    }
    let stated = stated();
    let folder = |environment: &EnvName| store.home().join("instances").join(environment.as_str());
    let lineage_of = |instance: &Instance| {
        let folder = folder(&instance.id.environment).join(instance.id.stack.file_name());
        recorded_state(&folder).map(|state| state.lineage)
    };
    let taken_over: BTreeSet<String> = instances.iter().filter_map(|instance| lineage_of(instance)).collect();
    let past = past_runs(context, config)?;
    let mut gone = Vec::new();
    for name in known {
        let Some(state) = recorded_state(&folder(environment).join(&name)) else { continue };
        let Some((run, stack)) = deployed(&past, environment, &name) else { continue };
        let is_renamed = taken_over.contains(&state.lineage)
            || match &state.address {
                Some(address) if stated.contains_key(address) => true,
                // Of an instance in its place whose address no file tells it is not known.
                address => instances.iter().any(|instance| {
                    let is_same_place = instance.path.as_str() == stack.path
                        && instance.workspace() == stack.workspace.as_deref();
                    is_same_place && (address.is_none() || !stated.values().any(|id| *id == instance.id))
                }),
            };
        if !is_renamed && !state.address.as_deref().is_some_and(is_empty_file) {
            gone.push(UndeclaredStack {
                environment: environment.clone(),
                stack: stack.stack.clone(),
                path: stack.path.clone(),
                run: run.report.run.clone(),
                commit: run.report.commit.clone(),
            });
        }
    }
    Ok(gone)
}

/// Returns the stacks of environments that are gone as a whole.
pub(super) fn undeclared_environments(
    context: &Context,
    config: &Config,
    stated: &dyn Fn() -> BTreeMap<String, InstanceId>,
) -> anyhow::Result<Vec<UndeclaredStack>> {
    let store = RunStore::new(config.root());
    let mut gone = Vec::new();
    for name in folder_names(&store.home().join("instances"))? {
        let Ok(environment) = name.parse::<EnvName>() else { continue };
        if !config.environments().contains_key(&environment) {
            gone.extend(undeclared_stacks(context, config, &environment, None, stated)?);
        }
    }
    Ok(gone)
}

/// Returns the names of the folders in which something is recorded of the stacks of an environment.
fn recorded_stacks(store: &RunStore, environment: &EnvName) -> anyhow::Result<Vec<String>> {
    folder_names(&store.home().join("instances").join(environment.as_str()))
}

fn folder_names(folder: &Utf8Path) -> anyhow::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| format!("cannot read `{folder}`")),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| format!("cannot read `{folder}`"))?;
        if entry.path().is_dir() {
            names.extend(entry.file_name().into_string().ok());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Returns the newest run that changed a stack, or found it as its files said, unless that run destroyed it.
fn deployed<'p>(
    past: &'p [PastRun],
    environment: &EnvName,
    name: &str,
) -> Option<(&'p PastRun, &'p StackReport)> {
    let of_environment = past.iter().filter(|run| run.report.environment == *environment);
    let runs = of_environment.filter(|run| ["deploy", "apply", "destroy"].contains(&&*run.report.command));
    let mut stacks = runs.flat_map(|run| run.report.stacks.iter().map(move |stack| (run, stack)));
    let (run, stack) = stacks.find(|(_, stack)| {
        let may_have_changed = matches!(
            stack.result,
            Some(StackResult::Applied | StackResult::Clean | StackResult::Failed | StackResult::Interrupted)
                | None
        );
        stack.stack.file_name() == name && may_have_changed
    })?;
    // Of one that was narrowed the rest is there.
    let is_destroyed = run.destroys
        && !stack.incomplete
        && matches!(stack.result, Some(StackResult::Applied | StackResult::Clean));
    (!is_destroyed).then_some((run, stack))
}

/// Returns true if an address is that of a file that is a state without a resource.
fn is_empty_file(address: &str) -> bool {
    let state = address.strip_prefix("local:").and_then(|path| files::read_whole(path.into()).ok());
    state.is_some_and(|text| state_addresses(&text).is_ok_and(|resources| resources.is_empty()))
}
