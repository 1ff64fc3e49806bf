//! A state that an engine could not save: taken care of at once, and in the way of everything else until it is pushed.

use std::{ffi::OsString, fs, io, os::unix::fs::PermissionsExt};

use camino::{Utf8Path, Utf8PathBuf};

use super::{EngineError, Target, driver::Driver};
use crate::{
    files,
    model::{Failure, FailureKind},
    ui::shell_word,
};

/// What an engine calls a state that it could not save; it writes it into the folder that it runs in.
pub(super) const UNSAVED: &str = "errored.tfstate";

/// Where such a state of an instance is kept.
fn kept(target: &Target) -> Utf8PathBuf {
    target.state_dir.join(UNSAVED)
}

/// Whether a file is the state of this instance that an engine could not save, and that envctl keeps.
pub fn is_rescued(target: &Target, file: &Utf8Path) -> bool {
    kept(target).canonicalize_utf8().is_ok_and(|kept| file.canonicalize_utf8().is_ok_and(|file| file == kept))
}

/// Refuses to plan beside a state that waits to be pushed: what the engine knows is not what is there.
pub(super) fn refuse_to_plan(target: &Target) -> Result<(), Failure> {
    refuse(target, [kept(target), target.dir.join(UNSAVED)].into_iter().filter(|path| path.exists()))
}

/// Refuses to change anything beside a state that waits to be pushed.
pub(super) fn refuse_to_change(driver: &dyn Driver, target: &Target) -> Result<(), Failure> {
    let kept = Some(kept(target)).filter(|path| path.exists());
    refuse(target, kept.into_iter().chain(driver.unsaved_states(target)))
}

fn refuse(target: &Target, mut waiting: impl Iterator<Item = Utf8PathBuf>) -> Result<(), Failure> {
    match waiting.next() {
        None => Ok(()),
        Some(path) => {
            let summary = format!("an earlier apply could not save its state, which waits in `{path}`");
            let detail = format!("push it with `{}`, which removes the file", push_command(target, &path));
            Err(Failure::new(FailureKind::State, summary).with_detail(detail))
        }
    }
}

/// What to type for a state that waits to be pushed.
fn push_command(target: &Target, path: &Utf8Path) -> String {
    let (environment, stack) = (&target.instance.environment, &target.instance.stack);
    format!("envctl exec {environment} {stack} -- state push {}", shell_word(path.as_str()))
}

/// Removes the file of a state that has just been pushed by a command with these arguments.
pub(super) fn forget_pushed(driver: &dyn Driver, target: &Target, args: &[OsString]) -> Result<(), Failure> {
    let pushed = args.last().and_then(|path| target.dir.join(path.to_str()?).canonicalize_utf8().ok());
    let waiting = Some(kept(target)).into_iter().chain(driver.unsaved_states(target));
    for path in waiting.filter(|path| path.canonicalize_utf8().ok().is_some_and(|path| Some(path) == pushed))
    {
        files::remove_if_there(&path).map_err(|error| {
            let summary = format!("the state was pushed, and its file `{path}` cannot be removed: {error}");
            Failure::new(FailureKind::State, summary)
        })?;
    }
    Ok(())
}

/// Takes a state that the engine could not save out of the stack's folder, where anybody may read or overwrite it.
pub(super) fn rescue(driver: &dyn Driver, target: &Target) -> Result<Option<Utf8PathBuf>, Failure> {
    let Some(left) = driver.unsaved_states(target).into_iter().next() else { return Ok(None) };
    let kept = kept(target);
    let moved = || -> io::Result<()> {
        fs::set_permissions(&left, fs::Permissions::from_mode(0o600))?;
        fs::create_dir_all(&target.state_dir)?;
        match fs::rename(&left, &kept) {
            // On another file system it has to be copied, which keeps its mode.
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                fs::copy(&left, &kept)?;
                fs::remove_file(&left)
            }
            other => other,
        }
    };
    match moved() {
        Ok(()) => Ok(Some(kept)),
        Err(error) => {
            let summary =
                format!("the state could not be saved; it is in `{left}` and could not be moved: {error}");
            Err(Failure::new(FailureKind::State, summary))
        }
    }
}

/// The failure of a command whose state could not be saved, with what to type.
pub(super) fn failure(target: &Target, path: &Utf8Path, error: Option<EngineError>) -> Failure {
    let summary = format!("the state could not be saved; it is kept in `{path}`");
    let next = format!("once the backend is there again: `{}`", push_command(target, path));
    match error {
        Some(EngineError::Failed(cause)) => Failure {
            engine_exit_code: cause.engine_exit_code,
            ..Failure::new(FailureKind::State, summary)
                .with_detail(format!("{next}\n{}\n{}", cause.summary, cause.detail).trim())
        },
        _ => Failure::new(FailureKind::State, summary).with_detail(next),
    }
}
