//! Result of a step, before it becomes an event.

use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};

use super::work::Work;
use crate::{
    engine::EngineError,
    files,
    model::{Block, Failure, FailureKind, Guard, Outcome, SkipReason},
    plans::Mismatch,
};

/// Result of a step, before it becomes an event.
pub(super) struct Ended {
    pub(super) outcome: Outcome,
    pub(super) exit_code: Option<i32>,
    pub(super) plan: Option<Utf8PathBuf>,
    pub(super) tentative: bool,
    /// True if the engine deferred changes to a later plan.
    pub(super) is_deferring: bool,
    /// True if an earlier clean plan was reused.
    pub(super) reused: bool,
    pub(super) attempts: u32,
    pub(super) notes: Vec<String>,
}

impl Ended {
    /// Returns a result with this outcome and defaults for the rest.
    pub(super) fn new(outcome: Outcome) -> Self {
        Self {
            outcome,
            exit_code: None,
            plan: None,
            tentative: false,
            is_deferring: false,
            reused: false,
            attempts: 1,
            notes: Vec::new(),
        }
    }
}

/// Returns the result of a step that failed with an error of its engine.
pub(super) fn unprepared(error: EngineError, work: &Work) -> Ended {
    match error {
        EngineError::Failed(failure) if failure.kind == FailureKind::Refused => {
            let block = Block::new(Guard::Lineage, reason(&failure));
            Ended { exit_code: failure.engine_exit_code, ..Ended::new(Outcome::Refused(vec![block])) }
        }
        EngineError::Failed(failure) => Ended::new(Outcome::Failed(failure)),
        EngineError::WrongBackend(failure) => {
            Ended::new(Outcome::Refused(vec![Block::new(Guard::Backend, reason(&failure))]))
        }
        EngineError::KeptLockfile(failure) => {
            Ended::new(Outcome::Refused(vec![Block::new(Guard::Lockfile, reason(&failure))]))
        }
        EngineError::Excluded(why) => Ended::new(Outcome::Skipped { because: SkipReason::Excluded(why) }),
        EngineError::Interrupted { notes } => Ended { notes, ..Ended::new(Outcome::Interrupted) },
        EngineError::MissingWorkspace { wanted, existing } => {
            let mut message = format!("workspace `{wanted}` of `{}` does not exist", work.target.instance);
            if !existing.is_empty() {
                // Writing to a String cannot fail.
                let _ = write!(message, " (there are: {})", existing.join(", "));
            }
            Ended::new(Outcome::Refused(vec![Block::new(Guard::Workspace, message)]))
        }
    }
}

/// Returns the refusal of a plan because of an item that changed.
pub(super) fn refusal(mismatch: &Mismatch) -> Vec<Block> {
    vec![Block::new(Guard::Binding, mismatch.to_string())]
}

/// Returns a refusal as a short reason, with its facts and the commands to type on lines of their own.
fn reason(failure: &Failure) -> String {
    format!("{}\n{}", failure.summary, failure.detail).trim_end().to_owned()
}

/// Removes a plan file that is no longer needed, because it contains values; returns a note if that fails.
pub(super) fn removed(file: &Utf8Path) -> Option<String> {
    let error = files::remove_if_there(file).err()?;
    Some(format!("plan file `{file}` could not be removed: {error}"))
}
