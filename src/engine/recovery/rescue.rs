//! Moves errored.tfstate, the state that an engine could not save, to the folder of the instance.

use std::{
    fs::{self, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    EngineReports, lost_state,
    pending_push::{kept_path, printed_path, push_command, unsaved_in_folders},
    printed_state::{self, DumpedState},
};
use crate::{
    engine::{
        EngineError, Target,
        driver::{Driver, Invocation},
        process::call::OutputFiles,
    },
    files,
    model::{Failure, FailureKind},
};

/// Files and reports left by a command that may have changed a state.
#[derive(Debug, Clone, Copy)]
struct CommandLeftovers<'a> {
    /// Files of standard output and standard error, unmasked.
    output: [&'a Utf8Path; 2],
    /// True if the command may have printed its state into these files.
    may_hold_state: bool,
    /// Reports of a command that may have created resources; `None` for other commands.
    reports: Option<&'a EngineReports>,
    /// Log of the command.
    log: &'a Utf8Path,
}

/// Location of a state that an engine could not save.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::engine) enum Rescued {
    /// File in the instance's folder.
    Kept(Utf8PathBuf),
    /// Output file of the engine that holds the state; and the error, such as a full disk, that kept envctl from extracting
    /// the state.
    Printed(Utf8PathBuf, String),
    /// No file holds the state.
    Lost {
        /// Path of the invalid state file that the engine left.
        damaged: Option<Utf8PathBuf>,
        /// Text on the resources that the command had done, and on its log.
        progress: String,
        /// Error that kept envctl from blocking the instance.
        block_error: Option<String>,
    },
}

impl Rescued {
    /// Returns true if the state is in the instance's folder, so that the output files of the command are no longer needed.
    pub(in crate::engine) fn is_safe(&self) -> bool {
        matches!(self, Self::Kept(_))
    }
}

/// Moves a state that the engine could not save to the instance's folder, whichever is newer: the file in the stack's
/// folder, which others may read or overwrite, or the state in the engine's output. Returns `None` if the engine left no
/// state and reported none as unsaved.
fn rescue(
    driver: &dyn Driver,
    target: &Target,
    leftovers: CommandLeftovers<'_>,
) -> Result<Option<Rescued>, Failure> {
    let mut left: Vec<(Utf8PathBuf, Option<DumpedState>)> = Vec::new();
    for path in unsaved_in_folders(driver, target)? {
        let bytes = files::read_whole(&path).map_err(|error| move_error(&path, &error))?;
        left.push((path, printed_state::parse_state(&bytes)));
    }
    let in_files = left.iter().filter_map(|(path, state)| Some((path, state.as_ref()?)));
    let in_file = in_files.max_by_key(|(_, state)| state.serial);
    // After a successful command the engine has saved its state.
    let files = leftovers.output.into_iter().filter(|_| leftovers.may_hold_state || !left.is_empty());
    let mut in_output: Option<(&Utf8Path, DumpedState)> = None;
    for file in files {
        let found = printed_state::find_state(file).map_err(|error| {
            let summary = format!("cannot read what the engine printed, in `{file}`: {error}");
            Failure::new(FailureKind::State, summary)
        })?;
        in_output = found.map(|state| (file, state)).or(in_output);
    }
    match (in_file, in_output) {
        (Some((path, _)), None) => {
            move_to_instance(target, path, kept_path(target)).map(Rescued::Kept).map(Some)
        }
        (Some((path, file)), Some((_, state))) if file.serial >= state.serial => {
            move_to_instance(target, path, kept_path(target)).map(Rescued::Kept).map(Some)
        }
        (_, Some((output, state))) => match save(target, &state.bytes) {
            Ok(path) => {
                remove_damaged(target, &left)?;
                Ok(Some(Rescued::Kept(path)))
            }
            // A rename works even on a full disk.
            Err(error) => match fs::rename(output, printed_path(target)) {
                Ok(()) => Ok(Some(Rescued::Printed(printed_path(target), error.to_string()))),
                Err(_) => Ok(Some(Rescued::Printed(output.to_owned(), error.to_string()))),
            },
        },
        (None, None) if left.is_empty() && !leftovers.reports.is_some_and(|reports| reports.unsaved) => {
            Ok(None)
        }
        (None, None) => {
            let done = leftovers.reports.map(|reports| &*reports.done).unwrap_or_default();
            let recorded = lost_state::record_loss(target, leftovers.log, done);
            let damaged = match left.first() {
                Some((path, _)) => Some(move_to_instance(target, path, lost_state::damaged_path(target))?),
                None => None,
            };
            let block_error = recorded.err().map(|error| error.to_string());
            Ok(Some(Rescued::Lost {
                damaged,
                progress: lost_state::progress_text(done, leftovers.log),
                block_error,
            }))
        }
    }
}

/// Rescues the state of a command that could not save it, and only then removes the output files of the command. Returns a
/// note for each file that could not be removed.
pub(in crate::engine) fn rescue_after(
    invocation: Invocation<'_>,
    output_files: OutputFiles,
    may_hold_state: bool,
    reports: Option<&EngineReports>,
) -> (Result<Option<Rescued>, Failure>, Vec<String>) {
    let Invocation { driver, target, session } = invocation;
    let output = [&*output_files.stdout, &*output_files.stderr];
    let rescued =
        rescue(driver, target, CommandLeftovers { output, may_hold_state, reports, log: session.log });
    // The output files may hold the only copy of the state.
    let is_over = rescued.as_ref().is_ok_and(|rescued| rescued.as_ref().is_none_or(Rescued::is_safe));
    let mut notes = if is_over { output_files.remove() } else { Vec::new() };
    if matches!(rescued, Ok(None)) {
        notes.extend(lost_state::remove_start(target));
    }
    (rescued, notes)
}

/// Moves a file of an engine into the instance's folder by a rename, which works even on a full disk.
fn move_to_instance(target: &Target, left: &Utf8Path, kept: Utf8PathBuf) -> Result<Utf8PathBuf, Failure> {
    let moved = || -> io::Result<()> {
        fs::set_permissions(left, Permissions::from_mode(0o600))?;
        files::create_dirs(&target.state_dir)?;
        match fs::rename(left, &kept) {
            // A rename to another file system is impossible.
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                write(target, &kept, &files::read_whole(left)?)?;
                fs::remove_file(left)
            }
            Ok(()) => {
                files::open_regular(&kept)?.sync_all()?;
                files::sync_dir(&target.state_dir)
            }
            other => other,
        }
    };
    match moved() {
        Ok(()) => Ok(kept),
        Err(error) => Err(move_error(left, &error)),
    }
}

/// Returns the failure of a move of a state that an engine left.
fn move_error(left: &Utf8Path, error: &io::Error) -> Failure {
    let summary = format!(
        "the state could not be saved; what the engine left of it in `{left}` could not be moved: {error}"
    );
    Failure::new(FailureKind::State, summary)
}

/// Writes a state to the instance's folder and syncs it to disk, before the caller removes any other copy.
pub(super) fn save(target: &Target, bytes: &[u8]) -> io::Result<Utf8PathBuf> {
    let kept = kept_path(target);
    write(target, &kept, bytes)?;
    Ok(kept)
}

/// Writes a file to the instance's folder and syncs it to disk.
fn write(target: &Target, path: &Utf8Path, bytes: &[u8]) -> io::Result<()> {
    files::write(path, bytes)?;
    files::open_regular(path)?.sync_all()?;
    files::sync_dir(&target.state_dir)
}

/// Removes the incomplete state files that an engine left before it printed the whole state.
fn remove_damaged(target: &Target, left: &[(Utf8PathBuf, Option<DumpedState>)]) -> Result<(), Failure> {
    for (path, _) in left.iter().filter(|(_, state)| state.is_none()) {
        files::remove_if_there(path).map_err(|error| {
            let summary = format!("`{path}` is no whole state and cannot be removed: {error}");
            let detail = format!("the state is in `{}`", kept_path(target));
            Failure::new(FailureKind::State, summary).with_detail(detail)
        })?;
    }
    Ok(())
}

impl Rescued {
    /// Returns the failure of a command whose state could not be saved, with the next command for the user.
    pub(in crate::engine) fn failure(&self, target: &Target, error: Option<EngineError>) -> Failure {
        let push =
            |path: &Utf8Path| format!("once the backend is there again: `{}`", push_command(target, path));
        let (summary, next) = match self {
            Self::Kept(path) => (format!("the state could not be saved; it is kept in `{path}`"), push(path)),
            Self::Printed(path, why) => (
                format!("the state could not be saved, and not be kept either: {why}"),
                format!(
                    "the engine printed it, and what it printed is in `{path}`: make room, then plan again"
                ),
            ),
            Self::Lost { damaged, progress, block_error } => {
                let left = match damaged {
                    Some(path) => format!("what the engine left for it, in `{path}` now, is no state"),
                    None => "there is no file `errored.tfstate`, even if the engine mentions one".to_owned(),
                };
                let blocked = lost_state::block_text(block_error.clone());
                let next = format!("{progress}; {}: {blocked}\n{left}", lost_state::recovery_hint(target));
                ("the state could not be saved, and no copy of it is left".to_owned(), next)
            }
        };
        match error {
            Some(EngineError::Failed(cause)) => Failure {
                engine_exit_code: cause.engine_exit_code,
                ..Failure::new(FailureKind::State, summary)
                    .with_detail(format!("{next}\n{}\n{}", cause.summary, cause.detail).trim())
            },
            _ => Failure::new(FailureKind::State, summary).with_detail(next),
        }
    }
}
