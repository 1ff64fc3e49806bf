//! Runs of a project, with their users and modes, and those whose journals cannot be read.

use super::{stored_plans::read_stored_request, unreadable_run::UnreadableRun};
use crate::{
    config::Config,
    engine::GivenFlags,
    event::EventKind,
    journal::{JournalError, RunStore, StoredRun},
    model::{Report, RunVerb},
};

/// Past run, complete or not.
pub(crate) struct PastRun {
    /// Report of the run.
    pub(crate) report: Report,
    /// User who started the run.
    pub(crate) user: Option<String>,
    /// True if the run destroyed the stacks.
    pub(crate) destroys: bool,
}

/// Past runs of a project, newest first.
pub(crate) struct RunHistory {
    /// Runs whose journals can be read.
    pub(crate) runs: Vec<PastRun>,
    /// Other runs that may have begun.
    pub(crate) unreadable: Vec<UnreadableRun>,
}

/// Returns every run that may have begun.
pub(crate) fn past_runs(config: &Config) -> anyhow::Result<RunHistory> {
    let store = RunStore::new(config.root());
    let mut history = RunHistory { runs: Vec::new(), unreadable: Vec::new() };
    for stored in store.list()? {
        match past_run(&store, &stored) {
            Ok(run) => history.runs.push(run),
            Err(_) if !stored.may_have_begun() => {}
            Err(error) => history.unreadable.push(UnreadableRun::new(&store, &stored, error)),
        }
    }
    Ok(history)
}

/// Reads a past run, with its user and mode, from its journal.
pub(super) fn past_run(store: &RunStore, stored: &StoredRun) -> Result<PastRun, JournalError> {
    let recorded = stored.events()?;
    let user = recorded.events.iter().find_map(|event| match &event.kind {
        EventKind::RunStarted { user, .. } => user.clone(),
        _ => None,
    });
    let report = crate::journal::fold(&recorded.events)
        .map_err(|source| JournalError::Fold { path: stored.dir.journal(), source })?;
    // The mode of a stored plan is only in its request.
    let destroys = report.command == RunVerb::Destroy
        || (report.command == RunVerb::Apply
            && read_stored_request(&GivenFlags::default(), store, stored)
                .is_ok_and(|(stored_request, _)| stored_request.destroy));
    Ok(PastRun { report, user, destroys })
}
