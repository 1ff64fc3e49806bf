//! All runs of a project that can be read, with who started them and what they did.

use super::{Context, stored::asked_for};
use crate::{config::Config, event::EventKind, journal::RunStore, model::Report};

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
        let recorded = match stored.events() {
            Ok(recorded) => recorded,
            Err(error) => {
                context.printer.warn(format_args!("run {}: {error}", stored.id));
                continue;
            }
        };
        let user = recorded.events.iter().find_map(|event| match &event.kind {
            EventKind::RunStarted { user, .. } => user.clone(),
            _ => None,
        });
        match crate::journal::fold(&recorded.events) {
            Ok(report) => {
                // Of a stored plan only what was asked for tells it.
                let destroys = report.command == "destroy"
                    || (report.command == "apply"
                        && asked_for(&store, &stored).is_ok_and(|(asked, _)| asked.destroy));
                found.push(PastRun { report, user, destroys });
            }
            Err(error) => context.printer.warn(format_args!("run {}: {error}", stored.id)),
        }
    }
    Ok(found)
}
