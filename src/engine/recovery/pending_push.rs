//! Unsaved state that waits to be pushed, and blocks its instance until then.

use std::{ffi::OsString, io};

use camino::{Utf8Path, Utf8PathBuf};

use super::{lost_state, printed_state, rescue::save};
use crate::{
    engine::{Target, driver::Driver, next_command::exec_line},
    files,
    model::{Failure, FailureKind},
};

/// Name of the file in which an engine leaves a state that it could not save, in the folder that it runs in.
pub(in crate::engine) const UNSAVED: &str = "errored.tfstate";

/// Returns the path in the instance's folder to which envctl moves a state that an engine could not save.
pub(super) fn kept_path(target: &Target) -> Utf8PathBuf {
    target.state_dir.join(UNSAVED)
}

/// Returns true if a file is the unsaved state that envctl keeps in the instance's folder.
pub fn is_rescued(target: &Target, file: &Utf8Path) -> bool {
    kept_path(target)
        .canonicalize_utf8()
        .is_ok_and(|kept| file.canonicalize_utf8().is_ok_and(|file| file == kept))
}

/// File in the instance's folder with the output of an engine that holds a state. envctl keeps it if the disk has no space
/// for a copy of the state.
pub(super) const PRINTED: &str = "errored.output";

/// Returns the path at which envctl keeps an engine's output that holds the state of an instance.
pub(super) fn printed_path(target: &Target) -> Utf8PathBuf {
    target.state_dir.join(PRINTED)
}

/// Refuses a plan while an unsaved state waits to be pushed, or after the loss of a state, unless `accept_lost`: the state
/// in the backend differs from the resources that exist.
pub(in crate::engine) fn refuse_to_plan(target: &Target, accept_lost: bool) -> Result<(), Failure> {
    extract_printed(target)?;
    refuse_while_pending(
        target,
        [kept_path(target), target.dir.join(UNSAVED)].into_iter().filter(|path| path.exists()),
    )?;
    let lost = lost_state::refuse_if_lost(target);
    if accept_lost && lost.is_err() {
        target.state_exception.record_use();
        return Ok(());
    }
    lost
}

/// Refuses any change while an unsaved state waits to be pushed, and the creation of resources after the loss of a state.
pub(in crate::engine) fn refuse_to_change(
    driver: &dyn Driver,
    target: &Target,
    creates_resources: bool,
) -> Result<(), Failure> {
    extract_printed(target)?;
    let kept = Some(kept_path(target)).filter(|path| path.exists());
    refuse_while_pending(target, kept.into_iter().chain(unsaved_in_folders(driver, target)?))?;
    if creates_resources { lost_state::refuse_if_lost(target) } else { Ok(()) }
}

/// Returns the states that an engine could not save and left in the folders in which it runs. Fails for an unreadable
/// folder, which may hold such a state.
pub(in crate::engine) fn unsaved_in_folders(
    driver: &dyn Driver,
    target: &Target,
) -> Result<Vec<Utf8PathBuf>, Failure> {
    driver.unsaved_states(target).map_err(|error| {
        let summary =
            format!("cannot look for a state of `{}` that an apply could not save: {error}", target.instance);
        let detail = "make the folder readable, or move it away, and try again: nothing is done over it";
        Failure::new(FailureKind::State, summary).with_detail(detail)
    })
}

/// Extracts the state from the kept output of an engine into a file of its own, now that the disk may have space.
fn extract_printed(target: &Target) -> Result<(), Failure> {
    let printed = printed_path(target);
    if !printed.exists() {
        return Ok(());
    }
    let taken = printed_state::find_state(&printed).and_then(|found| {
        let state = found.ok_or_else(|| io::Error::other("there is no state in it any more"))?;
        save(target, &state.bytes)?;
        files::remove_if_there(&printed)
    });
    taken.map_err(|error| {
        let summary =
            format!("an earlier apply could not save its state, which it printed into `{printed}`: {error}");
        let detail = "make room on the disk, and try again: nothing is done over it";
        Failure::new(FailureKind::State, summary).with_detail(detail)
    })
}

/// Refuses a command if a file holds an unsaved state, and names the command that pushes the state.
fn refuse_while_pending(
    target: &Target,
    mut unsaved: impl Iterator<Item = Utf8PathBuf>,
) -> Result<(), Failure> {
    let Some(path) = unsaved.next() else { return Ok(()) };
    if files::read_whole(&path).is_ok_and(|bytes| printed_state::parse_state(&bytes).is_none()) {
        let summary =
            format!("an earlier apply could not save its state, and what it left in `{path}` is no state");
        let detail = format!(
            "bring what it made into the state by `{}` of a copy or by imports, then remove the file",
            exec_line(target, &["state", "push", "FILE"])
        );
        return Err(Failure::new(FailureKind::State, summary).with_detail(detail));
    }
    let summary = format!("an earlier apply could not save its state, which waits in `{path}`");
    let detail = format!("push it with `{}`, which removes the file", push_command(target, &path));
    Err(Failure::new(FailureKind::State, summary).with_detail(detail))
}

/// Returns the command line that pushes an unsaved state.
pub(super) fn push_command(target: &Target, path: &Utf8Path) -> String {
    exec_line(target, &["state", "push", path.as_str()])
}

/// Removes the file of an unsaved state that a command with these arguments has just pushed.
pub(in crate::engine) fn forget_pushed(
    driver: &dyn Driver,
    target: &Target,
    args: &[OsString],
) -> Result<(), Failure> {
    let pushed = args.last().and_then(|path| target.dir.join(path.to_str()?).canonicalize_utf8().ok());
    let waiting = Some(kept_path(target)).into_iter().chain(unsaved_in_folders(driver, target)?);
    for path in waiting.filter(|path| path.canonicalize_utf8().ok().is_some_and(|path| Some(path) == pushed))
    {
        files::remove_if_there(&path).map_err(|error| {
            let summary = format!("the state was pushed, and its file `{path}` cannot be removed: {error}");
            Failure::new(FailureKind::State, summary)
        })?;
    }
    Ok(())
}
