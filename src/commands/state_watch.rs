//! The state around a typed command: the last known one before it, remembered after it.

use crate::{
    engine::{EngineError, Session, Typed, builds_on_state},
    executor::Work,
    process::Exit,
};

/// What is to be looked at once the command has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    /// Nothing: the state keeps its lineage.
    Nothing,
    /// The lineage that the command gave to a new state.
    New,
    /// The state that was pushed.
    Pushed,
    /// The state that was moved to another backend, which may give it a new lineage: S3 does (measured on OpenTofu 1.12.6 and
    /// Terraform 1.11.4).
    Moved,
}

/// Watches over the state of one instance.
pub(super) struct StateWatch<'a> {
    work: &'a Work,
    session: &'a Session<'a>,
    then: Then,
}

impl<'a> StateWatch<'a> {
    /// Refuses a command that builds on a state that vanished, was replaced, or is another instance's.
    pub(super) fn before(
        typed: &Typed,
        work: &'a Work,
        session: &'a Session<'a>,
    ) -> Result<Self, EngineError> {
        let then = if builds_on_state(typed) {
            let state = work.engine.known_state(&work.target, work.accept_lineage, session)?;
            if state.lineage.is_empty() { Then::New } else { Then::Nothing }
        } else if matches!(typed, Typed::Push { .. }) {
            Then::Pushed
        } else if *typed == Typed::MigrateState {
            Then::Moved
        } else {
            Then::Nothing
        };
        Ok(Self { work, session, then })
    }

    /// Remembers a new state, also of a command that failed; says where a pushed one is not the last known one.
    pub(super) fn after(self, exit: Exit) -> Result<(), EngineError> {
        let accept = match self.then {
            Then::New => true,
            Then::Moved if exit.is_success() => true,
            Then::Pushed if exit.is_success() => self.work.accept_lineage,
            Then::Nothing | Then::Pushed | Then::Moved => return Ok(()),
        };
        self.work.engine.known_state(&self.work.target, accept, self.session).map(drop)
    }
}
