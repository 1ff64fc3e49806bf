//! Runs of a project whose journals can be read, with their users and modes.

use super::{Context, stored_plans::read_stored_request};
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

/// Returns every run that can be read, newest first; prints a warning about others.
pub(crate) fn past_runs(context: &Context, config: &Config) -> anyhow::Result<Vec<PastRun>> {
    let mut found = Vec::new();
    let store = RunStore::new(config.root());
    for stored in store.list()? {
        match past_run(&store, &stored) {
            Ok(run) => found.push(run),
            Err(error) => context.printer.warn(format_args!("run {}: {error}", stored.id)),
        }
    }
    Ok(found)
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
