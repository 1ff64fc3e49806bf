//! Newest deployment of an instance, from the journals and from the records that `runs gc` keeps of removed runs.

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

/// File in an instance's state folder that records its newest deployment, after the journal of that run was removed, or if
/// a typed command made it.
const RECORD_FILE: &str = "last-deployment.json";

/// Newest run that changed a stack, or found it unchanged, or the command of `envctl exec` that changed it later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct LastDeployment {
    /// Id of the run.
    pub(crate) run: RunId,
    /// Stack, by its name at that time.
    pub(crate) stack: StackId,
    /// Folder of the stack, relative to environments.toml.
    pub(crate) path: String,
    /// Workspace of the stack.
    pub(crate) workspace: Option<String>,
    /// Commit of the run.
    pub(crate) commit: Option<String>,
    /// True if the run destroyed the whole stack.
    pub(super) destroyed: bool,
    /// True if a command of `envctl exec` changed the stack. Then there is no run: the id only gives the time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) typed: bool,
}

impl LastDeployment {
    /// Returns the deployment of a stack in a run; `None` if the run cannot have changed the stack.
    fn from_run(run: &PastRun, stack: &StackReport) -> Option<Self> {
        if !run.report.command.may_change() {
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
            // A run with `--target` or `--without` leaves other resources.
            destroyed: run.destroys && !stack.incomplete && is_whole,
            typed: false,
        })
    }

    /// Returns the newest deployment of an instance before a time. The instance is named by its environment
    /// and the name of its folder.
    pub(crate) fn find(
        store: &RunStore,
        past: &[PastRun],
        environment: &EnvName,
        name: &str,
        until: Option<Timestamp>,
    ) -> io::Result<Option<Self>> {
        let is_before = |found: &Self| until.is_none_or(|until| found.run.started() <= until);
        let of_environment = past.iter().filter(|run| run.report.environment == *environment);
        let stacks = of_environment.flat_map(|run| run.report.stacks.iter().map(move |stack| (run, stack)));
        let mut of_stack = stacks.filter(|(_, stack)| stack.stack.file_name() == name);
        let in_journals =
            of_stack.find_map(|(run, stack)| Self::from_run(run, stack).filter(|found| is_before(found)));
        let recorded = read(&record_path(store, environment, name))?.filter(is_before);
        Ok(in_journals.into_iter().chain(recorded).max_by(|one, other| one.run.cmp(&other.run)))
    }
}

/// Records the newest deployment of each instance in the journals of runs that are about to be removed.
pub(crate) fn keep_deployments(store: &RunStore, runs: &[&StoredRun]) -> anyhow::Result<()> {
    for run in runs {
        // The warning about a run that cannot be read was printed when its age was determined.
        let Ok(past) = past_run(store, run) else { continue };
        for found in past.report.stacks.iter().filter_map(|stack| LastDeployment::from_run(&past, stack)) {
            let file = record_path(store, &past.report.environment, &found.stack.file_name());
            // An instance without a folder has no recorded state.
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

impl LastDeployment {
    /// Writes this deployment to the instance's record, since no journal holds it.
    pub(crate) fn keep(&self, store: &RunStore, environment: &EnvName) -> io::Result<()> {
        files::write(&record_path(store, environment, &self.stack.file_name()), &serde_json::to_vec(self)?)
    }
}

/// Returns the path of the record of an instance's newest deployment.
pub(super) fn record_path(store: &RunStore, environment: &EnvName, name: &str) -> Utf8PathBuf {
    store.home().join("instances").join(environment.as_str()).join(name).join(RECORD_FILE)
}

fn read(file: &Utf8Path) -> io::Result<Option<LastDeployment>> {
    match files::read_whole(file) {
        Ok(bytes) => Ok(Some(serde_json::from_slice(&bytes)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
