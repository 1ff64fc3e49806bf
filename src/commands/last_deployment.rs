//! The newest deployment of an instance, from the journals and from what `runs gc` kept of those that it removed.

use std::io;

use anyhow::Context as _;
use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::run_history::{PastRun, past_run};
use crate::{
    files,
    journal::{RunStore, StoredRun},
    model::{EnvName, RunId, StackId, StackReport, StackResult},
};

/// The file in an instance's own folder that holds its newest deployment whose journal is removed.
const RECORD: &str = "last-deployment.json";

/// Newest run that changed a stack, or found it as its files said.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LastDeployment {
    /// The run.
    pub(super) run: RunId,
    /// The stack, by the name that it had then.
    pub(super) stack: StackId,
    /// Folder of the stack, relative to environments.toml.
    pub(super) path: String,
    /// Workspace of the stack.
    pub(super) workspace: Option<String>,
    /// Commit of the run.
    pub(super) commit: Option<String>,
    /// True if the run destroyed all of the stack.
    pub(super) destroyed: bool,
}

impl LastDeployment {
    /// Returns the deployment of a stack in a run; absent where the run cannot have changed it.
    fn of(run: &PastRun, stack: &StackReport) -> Option<Self> {
        if !["deploy", "apply", "destroy"].contains(&&*run.report.command) {
            return None;
        }
        let is_whole = matches!(stack.result, Some(StackResult::Applied | StackResult::Clean));
        let may_have_changed =
            is_whole || matches!(stack.result, Some(StackResult::Failed | StackResult::Interrupted) | None);
        may_have_changed.then(|| Self {
            run: run.report.run.clone(),
            stack: stack.stack.clone(),
            path: stack.path.clone(),
            workspace: stack.workspace.clone(),
            commit: run.report.commit.clone(),
            // Of one that was narrowed the rest is there.
            destroyed: run.destroys && !stack.incomplete && is_whole,
        })
    }

    /// Finds the newest deployment of an instance, which is named by its environment and the name of its folder, before a time.
    pub(super) fn find(
        store: &RunStore,
        past: &[PastRun],
        (environment, name): (&EnvName, &str),
        until: Option<Timestamp>,
    ) -> io::Result<Option<Self>> {
        let is_before = |found: &Self| until.is_none_or(|until| found.run.started() <= until);
        let of_environment = past.iter().filter(|run| run.report.environment == *environment);
        let stacks = of_environment.flat_map(|run| run.report.stacks.iter().map(move |stack| (run, stack)));
        let mut of_stack = stacks.filter(|(_, stack)| stack.stack.file_name() == name);
        let in_journals =
            of_stack.find_map(|(run, stack)| Self::of(run, stack).filter(|found| is_before(found)));
        let recorded = read(&record(store, environment, name))?.filter(is_before);
        Ok(in_journals.into_iter().chain(recorded).max_by(|one, other| one.run.cmp(&other.run)))
    }
}

/// Records the newest deployment of each instance in the journals of some runs, which are about to be removed.
pub(super) fn keep_deployments(store: &RunStore, runs: &[&StoredRun]) -> anyhow::Result<()> {
    for run in runs {
        // One that cannot be read was said to be so when its age was asked for.
        let Ok(past) = past_run(store, run) else { continue };
        for found in past.report.stacks.iter().filter_map(|stack| LastDeployment::of(&past, stack)) {
            let file = record(store, &past.report.environment, &found.stack.file_name());
            // Nothing is known of the state of an instance without a folder.
            if !file.parent().is_some_and(Utf8Path::is_dir) {
                continue;
            }
            let unusable = || format!("cannot use `{file}`, which holds a stack's last deployment");
            if read(&file).with_context(unusable)?.is_none_or(|kept| kept.run < found.run) {
                files::write(&file, &serde_json::to_vec(&found)?).with_context(unusable)?;
            }
        }
    }
    Ok(())
}

/// Returns the file that keeps the newest deployment of an instance whose journal is removed.
pub(super) fn record(store: &RunStore, environment: &EnvName, name: &str) -> Utf8PathBuf {
    store.home().join("instances").join(environment.as_str()).join(name).join(RECORD)
}

fn read(file: &Utf8Path) -> io::Result<Option<LastDeployment>> {
    match files::read_whole(file) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
