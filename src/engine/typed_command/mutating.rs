//! Typed commands that may change a state, under the protections of an apply.

use std::ffi::OsString;

use super::verbs;
use crate::{
    engine::{
        EngineError, Intent,
        driver::Invocation,
        intent_of,
        process::{
            call::{MutationResult, OutputFiles, mutate},
            folder_lock::{FolderLock, lock_for_apply},
        },
        recovery::{self, rescue_after},
        state::after_apply::StateBefore,
        terraform::{backend_check::claim_checked, fingerprint::forget_init},
    },
    model::{Failure, FailureKind},
    process::{CommandLine, Exit, Stream},
};

/// Function that builds the command line of a typed command, and takes the lock under which it runs.
pub(super) type MakeCommand<'a> = &'a dyn Fn() -> Result<(Option<FolderLock>, CommandLine), EngineError>;

/// Runs a typed command that may change a state; `command` builds its command line while the folder is locked.
pub(in crate::engine) fn run_mutating(
    invocation: Invocation<'_>,
    command: MakeCommand<'_>,
    args: &[OsString],
    on_line: &mut dyn FnMut(Stream, &str),
) -> Result<Exit, EngineError> {
    let Invocation { driver, target, session } = invocation;
    // Both locks are held until the state was compared: the changes of another apply in between would count as this one's.
    let _turn = lock_for_apply(target, session)?;
    let typed = intent_of(args);
    // A migration leaves another backend in force.
    if typed != Intent::MigrateState {
        claim_checked(driver, target)?;
        if typed != Intent::Harmless {
            invocation.check_unit_backend(None)?;
        }
    }
    if verbs::is_init(args) {
        forget_init(target).map_err(|error| {
            let summary = format!("cannot forget the last init of `{}`: {error}", target.instance);
            EngineError::Failed(Failure::new(FailureKind::State, summary))
        })?;
    }
    // Commands that an unsaved state waits for: a push, or the release of a stale lock before it.
    let saves_it = verbs::saves_a_state(args);
    let left_before = !recovery::unsaved_in_folders(driver, target).map_err(EngineError::Failed)?.is_empty();
    // The other commands change an existing state or nothing: with them the user recovers a lost state.
    let makes_something = matches!(typed, Intent::Everything { .. } | Intent::PlanFile { .. });
    if !saves_it {
        recovery::refuse_to_change(driver, target, makes_something).map_err(EngineError::Failed)?;
    }
    let (_used, command) = command()?;
    let before = StateBefore::of_known(driver, target).map_err(EngineError::Failed)?;
    if makes_something {
        recovery::record_start(target, session.log).map_err(EngineError::Failed)?;
        before.record_first(driver, target).map_err(EngineError::Failed)?;
    }
    let output_files = OutputFiles::for_session(session);
    let ran = mutate(session, &command, &output_files, on_line);
    let ended = ran.as_ref().ok();
    let succeeded =
        ended.is_some_and(|ended| ended.finished.exit.is_success() && ended.reports.error.is_none());
    let reports = ended.map(|ended| &ended.reports).filter(|_| makes_something);
    let may_hold_state = !succeeded || ended.is_some_and(|ended| ended.printed_its_state);
    let (rescued, removed) = if left_before {
        (Ok(None), output_files.remove())
    } else {
        rescue_after(invocation, output_files, may_hold_state, reports)
    };
    for note in removed {
        on_line(Stream::Stderr, &note);
    }
    if let Some(rescued) = rescued.map_err(EngineError::Failed)? {
        return Err(EngineError::Failed(rescued.failure(target, ran.err())));
    }
    if makes_something && !succeeded {
        let reports = ran.as_ref().ok().map(|ran| &ran.reports);
        let note = before.remember_after_failure(invocation, reports).map_err(EngineError::Failed)?;
        if let Some(note) = note {
            on_line(Stream::Stderr, &note);
        }
    }
    let MutationResult { finished, reports, .. } = ran?;
    if let (Exit::Code(0), Some(error)) = (finished.exit, &reports.error) {
        let program = driver.program_name();
        let verb = args.first().map(|verb| verb.to_string_lossy()).unwrap_or_default();
        let summary = format!("`{program} {verb}` ended with status 0 in spite of an error: {error}");
        let failure = Failure::new(FailureKind::Engine, summary);
        return Err(EngineError::Failed(Failure { engine_exit_code: Some(0), ..failure }));
    }
    if makes_something && finished.exit.is_success() {
        let note = before.compare(invocation, &reports, None).map_err(EngineError::Failed)?;
        if let Some(note) = note {
            on_line(Stream::Stderr, &note);
        }
    }
    if saves_it && finished.exit.is_success() {
        recovery::forget_pushed(driver, target, args).map_err(EngineError::Failed)?;
        // The release of a lock saves no state.
        if matches!(typed, Intent::Push { .. }) {
            recovery::accept_loss(target).map_err(EngineError::Failed)?;
        }
    }
    Ok(finished.exit)
}
