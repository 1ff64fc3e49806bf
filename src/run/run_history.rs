//! Runs of a project, with their users and modes, and those whose journals cannot be read.

use super::{Context, Stopped, stored_plans::read_stored_request};
use crate::{
    config::Config,
    engine::GivenFlags,
    event::EventKind,
    journal::{JournalError, RunStore, StoredRun},
    model::{EnvName, ExitStatus, Report, RunId, RunVerb},
    ui::shell_word,
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

/// Past run whose journal cannot be read: what it changed is unknown.
pub(crate) struct UnreadableRun {
    /// Id of the run.
    pub(crate) id: RunId,
    /// Environment in the run's request; `None` if that cannot be read either.
    pub(crate) environment: Option<EnvName>,
    /// Error of the journal, with its path.
    pub(crate) error: JournalError,
}

impl UnreadableRun {
    /// Describes a run by its request.
    pub(crate) fn new(store: &RunStore, run: &StoredRun, error: JournalError) -> Self {
        let request = read_stored_request(&GivenFlags::default(), store, run).ok();
        let environment = request.map(|(request, _)| request.environment);
        Self { id: run.id.clone(), environment, error }
    }

    /// Returns true if the run may have changed an environment.
    pub(crate) fn may_concern(&self, environment: &EnvName) -> bool {
        self.environment.as_ref().is_none_or(|own| own == environment)
    }

    /// Returns the hint with the commands that find out what the run changed.
    pub(crate) fn hint(&self, context: &Context) -> String {
        let environment = self.environment.as_ref().map_or("ENV", EnvName::as_str);
        let plan = context.given_flags().command(&format!("plan {environment}"));
        let folder = format!(".envctl/runs/{}", self.id);
        format!(
            "`{plan}` shows what is left to do; once that is clear, `rm -r {}` removes the run",
            shell_word(&folder)
        )
    }

    /// Prints the run as a warning, with its hint.
    pub(crate) fn print(&self, context: &Context) {
        context.printer.warn(format_args!("what run {} changed is unknown: {}", self.id, self.error));
        context.printer.hint(self.hint(context));
    }

    /// Returns the error of a command that needs the journal.
    pub(crate) fn into_error(self, context: &Context, status: ExitStatus) -> Stopped {
        let hint = self.hint(context);
        let message = format!("what run {} changed is unknown: {}", self.id, self.error);
        Stopped { status, message, hints: vec![hint] }
    }
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

/// Returns the report of a run that a command needs.
pub(crate) fn report_of(context: &Context, store: &RunStore, run: &StoredRun) -> Result<Report, Stopped> {
    run.report()
        .map_err(|error| UnreadableRun::new(store, run, error).into_error(context, ExitStatus::Failed))
}
