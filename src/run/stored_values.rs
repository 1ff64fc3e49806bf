//! Removes the values that a run stores for `apply` and `runs resume`, when neither can continue it any more.

use super::{Context, RunRequest, resumable::RunEvents};
use crate::{
    journal::{RunStore, StoredRun},
    model::{Report, RunId, RunResult},
    plans::{ProjectKey, StoredRequest},
};

/// Removes the values of `--var` and `--set`, and the value files, from a run that has ended and from the runs that it
/// resumed; returns an error for values that could not be removed.
pub(super) fn remove_unneeded_values(
    context: &Context,
    request: &RunRequest,
    report: &Report,
    has_mutated: bool,
) -> anyhow::Result<()> {
    let is_finished = matches!(report.result, Some(RunResult::Clean | RunResult::Applied));
    let has_plan = report.stacks.iter().any(|stack| stack.plan.is_some());
    if !is_finished && (has_mutated || has_plan || request.resumes.is_some()) {
        return Ok(());
    }
    let root = context.config_file()?.parent().map_or_else(|| context.dir.clone(), ToOwned::to_owned);
    let store = RunStore::new(&root);
    remove(&store, &store.find(report.run.as_str())?)?;
    let mut earlier: Option<RunId> = request.stored.clone().or_else(|| request.resumes.clone());
    while is_finished && let Some(run) = earlier {
        let found = store.find(run.as_str())?;
        remove(&store, &found)?;
        // A run resumes only an older one.
        earlier = RunEvents::read(found)?.resumes().filter(|older| **older < run).cloned();
    }
    Ok(())
}

/// Removes the values of one run, if it has a stored request.
fn remove(store: &RunStore, run: &StoredRun) -> anyhow::Result<()> {
    run.dir.remove_inputs()?;
    let path = run.dir.request();
    if !path.try_exists()? {
        return Ok(());
    }
    let key = ProjectKey::of_project(store.envctl_dir()?)?;
    let stored_request = StoredRequest::read(&key, &path)?;
    if stored_request.vars.is_empty() && stored_request.sets.is_empty() {
        return Ok(());
    }
    Ok(stored_request.without_values().write(&key, &path)?)
}
