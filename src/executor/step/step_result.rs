//! Result of a step, before it becomes an event.

use std::fmt::Write as _;

use camino::{Utf8Path, Utf8PathBuf};

use super::ready_stack::ReadyStack;
use crate::{
    engine::EngineError,
    files,
    model::{Block, Failure, FailureKind, Guard, Outcome, SkipReason},
    plans::Mismatch,
};

/// Result of a step, before it becomes an event.
pub(super) struct StepResult {
    /// Outcome of the step.
    pub(super) outcome: Outcome,
    pub(super) exit_code: Option<i32>,
    pub(super) plan: Option<Utf8PathBuf>,
    /// True if the plan uses values that are not known yet.
    pub(super) tentative: bool,
    /// True if the engine deferred changes to a later plan.
    pub(super) is_deferring: bool,
    /// True if an earlier clean plan was reused instead of a new plan.
    pub(super) reused: bool,
    /// Number of attempts of the plan or apply.
    pub(super) attempts: u32,
    /// Notes for the user.
    pub(super) notes: Vec<String>,
}

impl StepResult {
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
pub(super) fn engine_error_result(error: EngineError, ready: &ReadyStack) -> StepResult {
    match error {
        EngineError::Failed(failure) if failure.kind == FailureKind::Refused => {
            let block = Block::new(Guard::Lineage, reason(&failure));
            StepResult {
                exit_code: failure.engine_exit_code,
                ..StepResult::new(Outcome::Refused(vec![block]))
            }
        }
        EngineError::Failed(failure) => StepResult::new(Outcome::Failed(failure)),
        EngineError::WrongBackend(failure) => {
            StepResult::new(Outcome::Refused(vec![Block::new(Guard::Backend, reason(&failure))]))
        }
        EngineError::KeptLockfile(failure) => {
            StepResult::new(Outcome::Refused(vec![Block::new(Guard::Lockfile, reason(&failure))]))
        }
        EngineError::Excluded(why) => {
            StepResult::new(Outcome::Skipped { because: SkipReason::Excluded(why) })
        }
        EngineError::Interrupted { notes } => StepResult { notes, ..StepResult::new(Outcome::Interrupted) },
        EngineError::MissingWorkspace { wanted, existing } => {
            let mut message = format!("workspace `{wanted}` of `{}` does not exist", ready.target.instance);
            if !existing.is_empty() {
                // Writing to a String cannot fail.
                let _ = write!(message, " (there are: {})", existing.join(", "));
            }
            StepResult::new(Outcome::Refused(vec![Block::new(Guard::Workspace, message)]))
        }
    }
}

/// Returns the refusal of a plan because of an item that changed.
pub(super) fn binding_refusal(mismatch: &Mismatch) -> Vec<Block> {
    vec![Block::new(Guard::Binding, mismatch.to_string())]
}

/// Returns a refusal as a short reason, with its facts and the commands to type on lines of their own.
fn reason(failure: &Failure) -> String {
    format!("{}\n{}", failure.summary, failure.detail).trim_end().to_owned()
}

/// Removes a plan file that is no longer needed, because it contains values; returns a note if that fails.
pub(super) fn remove_plan_file(file: &Utf8Path) -> Option<String> {
    let error = files::remove_if_there(file).err()?;
    Some(format!("plan file `{file}` could not be removed: {error}"))
}
