//! Runs whose journals cannot be read: what they changed is unknown.

use super::{Context, Stopped};
use crate::{
    journal::{JournalError, RunStore, StoredRun},
    model::{EnvName, ExitStatus, Report, RunId},
    plans::{ProjectKey, StoredRequest},
    ui::shell_word,
};

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
        let key = ProjectKey::of_project(store.home()).ok();
        let request = key.and_then(|key| StoredRequest::read(&key, &run.dir.request()).ok());
        let request = request.filter(|request| request.run == run.id);
        let environment = request.map(|request| request.environment);
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

/// Returns the report of a run that a command needs.
pub(crate) fn report_of(context: &Context, store: &RunStore, run: &StoredRun) -> Result<Report, Stopped> {
    run.report()
        .map_err(|error| UnreadableRun::new(store, run, error).into_error(context, ExitStatus::Failed))
}
