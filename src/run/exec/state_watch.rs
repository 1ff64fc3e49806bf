//! State checks around a typed command: against the last known state before it, and recording a new one after it.

use crate::{
    engine::{EngineError, Intent, Session, StateIdentity},
    executor::ReadyStack,
    process::Exit,
};

/// Check of a state after the typed command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AfterCommand {
    /// No check, since the state keeps its lineage.
    Nothing,
    /// Records the lineage that the command gave to a new state.
    New,
    /// Compares the state that was pushed.
    Pushed,
    /// Records the state that was moved to another backend, which may give it a new lineage: S3 does (measured on OpenTofu
    /// 1.12.6 and Terraform 1.11.4).
    Moved,
}

/// State check of one instance.
pub(crate) struct StateWatch<'a> {
    work: &'a ReadyStack,
    session: &'a Session<'a>,
    check_after: AfterCommand,
    /// Lineage and serial before the command; `None` if they are unknown.
    version_before: Option<StateIdentity>,
}

impl<'a> StateWatch<'a> {
    /// Refuses a command whose state was lost, was replaced, or belongs to another instance.
    pub(crate) fn before(
        typed: &Intent,
        work: &'a ReadyStack,
        session: &'a Session<'a>,
    ) -> Result<Self, EngineError> {
        let mut version_before = None;
        let check_after = if typed.builds_on_state() {
            let state = work.engine.known_state(&work.target, work.accept_lineage, session)?;
            let is_new = state.lineage.is_empty();
            version_before = Some(state);
            if is_new { AfterCommand::New } else { AfterCommand::Nothing }
        } else if matches!(typed, Intent::Push { .. }) {
            AfterCommand::Pushed
        } else if *typed == Intent::MigrateState {
            AfterCommand::Moved
        } else {
            AfterCommand::Nothing
        };
        Ok(Self { work, session, check_after, version_before })
    }

    /// Returns true if the state has the version that it had before the command; false if that is unknown.
    pub(crate) fn is_unchanged(&self) -> bool {
        let Some(before) = self.version_before.as_ref().filter(|before| !before.lineage.is_empty()) else {
            return false;
        };
        let now = self.work.engine.state_version(&self.work.target, self.session);
        now.is_ok_and(|now| now == *before)
    }

    /// Records a new state, also after a failed command; returns an error if a pushed state is not the last known one.
    pub(crate) fn after(self, exit: Exit) -> Result<(), EngineError> {
        let accept = match self.check_after {
            AfterCommand::New => true,
            AfterCommand::Moved if exit.is_success() => true,
            AfterCommand::Pushed if exit.is_success() => self.work.accept_lineage,
            AfterCommand::Nothing | AfterCommand::Pushed | AfterCommand::Moved => return Ok(()),
        };
        self.work.engine.known_state(&self.work.target, accept, self.session).map(drop)
    }
}
