//! All runs of a project that can be read, with who started them and what they did.

use super::{Context, stored::asked_for};
use crate::{
    config::Config,
    event::EventKind,
    journal::{JournalError, RunStore, StoredRun},
    model::Report,
};

/// Run that came to its end, or did not.
pub(super) struct PastRun {
    /// Report of the run.
    pub(super) report: Report,
    /// User who started the run.
    pub(super) user: Option<String>,
    /// True if the run destroyed the stacks.
    pub(super) destroys: bool,
}

/// Returns every run that can be read, newest first; one that cannot is said and passed over.
pub(super) fn past_runs(context: &Context, config: &Config) -> anyhow::Result<Vec<PastRun>> {
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

/// Reads the journal of a run.
pub(super) fn past_run(store: &RunStore, stored: &StoredRun) -> Result<PastRun, JournalError> {
    let recorded = stored.events()?;
    let user = recorded.events.iter().find_map(|event| match &event.kind {
        EventKind::RunStarted { user, .. } => user.clone(),
        _ => None,
    });
    let report = crate::journal::fold(&recorded.events)
        .map_err(|source| JournalError::Fold { path: stored.dir.journal(), source })?;
    // Of a stored plan only what was asked for tells it.
    let destroys = report.command == "destroy"
        || (report.command == "apply" && asked_for(store, stored).is_ok_and(|(asked, _)| asked.destroy));
    Ok(PastRun { report, user, destroys })
}
