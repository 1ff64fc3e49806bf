//! Stacks that this checkout has deployed and that no file declares any more: their resources still exist.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
};

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    config::Config,
    diagnostic::Diagnostic,
    engine::{FormerNames, RecordedState, recorded_state, state_addresses},
    files,
    inventory::{Instance, Inventory},
    journal::RunStore,
    model::{EnvName, InstanceId, RunId, StackId},
    run::{
        Context,
        last_deployment::{LastDeployment, record_path},
        run_history::{PastRun, past_runs},
    },
    ui::shell_word,
};

/// Stack that was deployed and that no file declares any more.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct UndeclaredStack {
    /// Environment that the stack was deployed to.
    #[schemars(with = "String")]
    environment: EnvName,
    /// Name of the stack.
    #[schemars(with = "String")]
    stack: StackId,
    /// Former folder of the stack, relative to environments.toml.
    path: String,
    /// Newest run that changed the stack, or found it unchanged; absent if a command of `envctl exec` changed it later.
    #[schemars(with = "Option<String>")]
    run: Option<RunId>,
    /// Time of the command of `envctl exec` that changed the stack after every run.
    #[schemars(with = "Option<String>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    exec: Option<Timestamp>,
    /// Commit of that run or command.
    commit: Option<String>,
}

impl UndeclaredStack {
    fn message(&self) -> String {
        let Self { environment, stack, path, run, exec, .. } = self;
        let since = match (run, exec) {
            (Some(run), _) => format!("run {run}"),
            (None, Some(at)) => {
                format!("a command of `envctl exec` at {}", at.strftime("%Y-%m-%d %H:%M:%SZ"))
            }
            (None, None) => "a command of `envctl exec` at an unknown time".to_owned(),
        };
        format!(
            "stack `{stack}` (`{path}`) of `{environment}` is gone from the files since {since}; its resources still exist"
        )
    }

    /// Returns hints with the commands that restore or destroy the stack.
    fn hints(&self, context: &Context, config: &Config) -> Vec<String> {
        let folder = config.root().join(&self.path);
        let restore = self.commit.as_ref().filter(|_| !folder.exists()).map(|commit| {
            let (commit, path) = (commit.get(..12).unwrap_or(commit), context.shown_path(&folder));
            format!("`git restore --source={commit} -- {}` brings its files back", shell_word(path.as_str()))
        });
        let (environment, stack) = (&self.environment, shell_word(self.stack.as_str()));
        let flags = context.flags_without_variables();
        let destroy = format!(
            "with its files written back, and its table in environments.toml if it had one, `{}` shows what it made and asks",
            flags.command_with_values(&format!("destroy {environment} {stack}"))
        );
        restore.into_iter().chain([destroy]).collect()
    }

    /// Prints the finding on standard error.
    fn print(&self, context: &Context, config: &Config) {
        context.printer.warn(self.message());
        for hint in self.hints(context, config) {
            context.printer.hint(hint);
        }
    }

    /// Returns the finding as a diagnostic of `check`.
    fn finding(&self, context: &Context, config: &Config) -> Diagnostic {
        let problem = Diagnostic::warning("inventory::gone", self.message());
        self.hints(context, config).into_iter().fold(problem, Diagnostic::help)
    }
}

/// Record of an instance that cannot be read, so that envctl cannot tell if its stack still has resources.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(crate) struct UnreadableRecord {
    /// Environment of the instance.
    #[schemars(with = "String")]
    environment: EnvName,
    /// Name of its folder in `.envctl/instances/ENV`.
    name: String,
    /// Reason, with the path of the record.
    reason: String,
}

impl UnreadableRecord {
    fn message(&self) -> String {
        let Self { environment, name, reason } = self;
        format!("what stack `{name}` of `{environment}` has is unknown: {reason}")
    }

    fn hint(&self) -> String {
        let Self { environment, name, .. } = self;
        let folder = format!(".envctl/instances/{environment}/{name}");
        let folder = shell_word(&folder);
        format!(
            "once nothing is left of a stack that is gone, `rm -r {folder}` removes what is recorded of it"
        )
    }
}

/// Stacks that are no longer declared, according to the records in `.envctl`.
#[derive(Debug, Clone, Default)]
pub(crate) struct GoneStacks {
    /// Stacks with such a record.
    pub(crate) stacks: Vec<UndeclaredStack>,
    /// Records that cannot be read.
    pub(crate) unreadable: Vec<UnreadableRecord>,
}

impl GoneStacks {
    /// Prints the findings on standard error.
    pub(crate) fn print(&self, context: &Context, config: &Config) {
        for stack in &self.stacks {
            stack.print(context, config);
        }
        for record in &self.unreadable {
            context.printer.warn(record.message());
            context.printer.hint(record.hint());
        }
    }

    /// Returns the findings as diagnostics of `check`.
    pub(crate) fn findings(&self, context: &Context, config: &Config) -> Vec<Diagnostic> {
        let stacks = self.stacks.iter().map(|stack| stack.finding(context, config));
        let unreadable = self.unreadable.iter().map(|record| {
            Diagnostic::warning("inventory::unreadable-record", record.message()).help(record.hint())
        });
        stacks.chain(unreadable).collect()
    }
}

/// Returns the stacks of an environment that are no longer declared. `inventory` is `None` if the environment
/// itself is no longer declared. `instances_by_address` returns the instances of all environments by state address; called
/// only if a stack may be gone.
///
/// A renamed stack is not gone: another instance has the address or the lineage of its state.
pub(crate) fn undeclared_stacks(
    config: &Config,
    environment: &EnvName,
    inventory: Option<&Inventory>,
    instances_by_address: &dyn Fn() -> BTreeMap<String, InstanceId>,
) -> anyhow::Result<GoneStacks> {
    let store = RunStore::new(config.root());
    let instances: Vec<&Instance> = inventory.into_iter().flat_map(Inventory::instances).collect();
    let declared: BTreeSet<String> = instances.iter().map(|instance| instance.id.stack.file_name()).collect();
    let mut gone = GoneStacks::default();
    let names = recorded_stacks(&store, environment)?.into_iter().filter(|name| !declared.contains(name));
    let known: Vec<(String, RecordedState)> =
        names.filter_map(|name| Some((name.clone(), gone.state(&store, environment, &name)?))).collect();
    if known.is_empty() {
        return Ok(gone);
    }
    let instances_by_address = instances_by_address();
    let known_here = declared.iter().filter_map(|name| gone.state(&store, environment, name));
    let taken_over: BTreeSet<String> = known_here.filter_map(|state| state.lineage).collect();
    let history = past_runs(config)?;
    let unreadable = history.unreadable.iter().find(|run| run.may_concern(environment));
    // Several names may have had the same state, one after the other.
    let mut newest: Vec<(Option<String>, StackId, LastDeployment)> = Vec::new();
    for (name, state) in known {
        let found = match last_deployment(&store, &history.runs, environment, &name) {
            Ok(found) => found,
            Err(reason) => {
                gone.unreadable.push(UnreadableRecord { environment: environment.clone(), name, reason });
                continue;
            }
        };
        let Some((stack, deployment)) = found else {
            // The state is known, and a run that may have made it cannot be read.
            if let Some(run) = unreadable {
                let reason = format!("run {}: {}", run.id, run.error);
                gone.unreadable.push(UnreadableRecord { environment: environment.clone(), name, reason });
            }
            continue;
        };
        let is_renamed = state.lineage.as_ref().is_some_and(|lineage| taken_over.contains(lineage))
            || match &state.address {
                Some(address) if instances_by_address.contains_key(address) => true,
                // The instance that replaced it may have an address that no file sets.
                address => instances.iter().any(|instance| {
                    let is_same_place = instance.path.as_str() == deployment.path
                        && instance.workspace() == deployment.workspace.as_deref();
                    is_same_place
                        && (address.is_none() || !instances_by_address.values().any(|id| *id == instance.id))
                }),
            };
        if is_renamed || state.address.as_deref().is_some_and(is_empty_file) {
            continue;
        }
        let same = newest.iter_mut().find(|(lineage, ..)| lineage.is_some() && *lineage == state.lineage);
        match same {
            Some(same) if same.2.run < deployment.run => *same = (state.lineage, stack, deployment),
            Some(_) => {}
            None => newest.push((state.lineage, stack, deployment)),
        }
    }
    let newest = newest.into_iter().filter(|(.., deployment)| !deployment.destroyed);
    gone.stacks.extend(newest.map(|(_, stack, deployment)| {
        let at = deployment.run.started();
        UndeclaredStack {
            environment: environment.clone(),
            stack,
            path: deployment.path,
            run: Some(deployment.run).filter(|_| !deployment.typed),
            exec: deployment.typed.then_some(at),
            commit: deployment.commit,
        }
    }));
    Ok(gone)
}

impl GoneStacks {
    /// Returns the recorded state of an instance, or adds its record to the unreadable ones.
    fn state(&mut self, store: &RunStore, environment: &EnvName, name: &str) -> Option<RecordedState> {
        recorded_state(&record_folder(store, environment, name)).unwrap_or_else(|failure| {
            let (environment, name) = (environment.clone(), name.to_owned());
            self.unreadable.push(UnreadableRecord { environment, name, reason: failure.summary });
            None
        })
    }
}

/// Returns the newest deployment of an instance, including those under former names, and the stack's current name.
fn last_deployment(
    store: &RunStore,
    past: &[PastRun],
    environment: &EnvName,
    name: &str,
) -> Result<Option<(StackId, LastDeployment)>, String> {
    let find = |environment: &EnvName, name: &str, until| {
        LastDeployment::find(store, past, environment, name, until).map_err(|error| {
            let path = record_path(store, environment, name);
            format!("cannot use `{path}`, which holds its last deployment: {error}")
        })
    };
    let names =
        FormerNames::read(&record_folder(store, environment, name)).map_err(|failure| failure.summary)?;
    let mut newest = find(environment, name, None)?;
    for former in names.iter().flat_map(|names| &names.former) {
        let InstanceId { environment, stack } = &former.instance;
        let found = find(environment, &stack.file_name(), Some(former.until))?;
        newest = newest.into_iter().chain(found).max_by(|one, other| one.run.cmp(&other.run));
    }
    Ok(newest.map(|deployment| {
        let stack = names.map_or_else(|| deployment.stack.clone(), |names| names.instance.stack);
        (stack, deployment)
    }))
}

/// Returns the stacks of environments that are no longer declared.
pub(crate) fn undeclared_environments(
    config: &Config,
    instances_by_address: &dyn Fn() -> BTreeMap<String, InstanceId>,
) -> anyhow::Result<GoneStacks> {
    let store = RunStore::new(config.root());
    let mut gone = GoneStacks::default();
    for name in subfolder_names(&store.home().join("instances"))? {
        let Ok(environment) = name.parse::<EnvName>() else { continue };
        if !config.environments().contains_key(&environment) {
            let found = undeclared_stacks(config, &environment, None, instances_by_address)?;
            gone.stacks.extend(found.stacks);
            gone.unreadable.extend(found.unreadable);
        }
    }
    Ok(gone)
}

/// Returns the folder with the records of an instance.
fn record_folder(store: &RunStore, environment: &EnvName, name: &str) -> Utf8PathBuf {
    store.home().join("instances").join(environment.as_str()).join(name)
}

/// Returns the names of the folders with records of an environment's stacks.
fn recorded_stacks(store: &RunStore, environment: &EnvName) -> anyhow::Result<Vec<String>> {
    subfolder_names(&store.home().join("instances").join(environment.as_str()))
}

fn subfolder_names(folder: &Utf8Path) -> anyhow::Result<Vec<String>> {
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

/// Returns true if an address is that of a local state file without resources.
fn is_empty_file(address: &str) -> bool {
    let state = address.strip_prefix("local:").and_then(|path| files::read_whole(path.into()).ok());
    state.is_some_and(|text| state_addresses(&text).is_ok_and(|resources| resources.is_empty()))
}
