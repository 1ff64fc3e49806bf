//! Takes a state that could not be saved to where it is kept.

use std::{
    fs::{self, File, Permissions},
    io,
    os::unix::fs::PermissionsExt as _,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    dump::{self, State},
    waiting::{kept, printed, push_command},
};
use crate::{
    engine::{EngineError, Target, driver::Driver},
    files,
    model::{Failure, FailureKind},
};

/// What a command that may have changed a state left behind.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Remains<'a> {
    /// What it wrote, to the byte.
    pub(in crate::engine) output: [&'a Utf8Path; 2],
    /// Whether it may have printed its state there.
    pub(in crate::engine) suspect: bool,
}

/// What became of a state that could not be saved.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::engine) enum Rescued {
    /// It is a file of the instance's own now.
    Kept(Utf8PathBuf),
    /// It stands in what the engine printed, in this file: there was no room to take it out.
    Printed(Utf8PathBuf, String),
    /// The engine left a file that is no state, here now, and printed none.
    Torn(Utf8PathBuf),
}

impl Rescued {
    /// Whether nothing that the engine left is needed any more.
    pub(in crate::engine) fn is_safe(&self) -> bool {
        matches!(self, Self::Kept(_))
    }
}

/// Takes a state that the engine could not save out of the stack's folder, where anybody may read or overwrite it, or out
/// of what the engine printed, whichever is newer; nothing where there is none.
pub(in crate::engine) fn rescue(
    driver: &dyn Driver,
    target: &Target,
    remains: Remains<'_>,
) -> Result<Option<Rescued>, Failure> {
    let mut left: Vec<(Utf8PathBuf, Option<State>)> = Vec::new();
    for path in driver.unsaved_states(target) {
        let bytes = fs::read(&path).map_err(|error| unmoved(&path, &error))?;
        left.push((path, dump::state(&bytes)));
    }
    let in_files = left.iter().filter_map(|(path, state)| Some((path, state.as_ref()?)));
    let in_file = in_files.max_by_key(|(_, state)| state.serial);
    // An engine without a bad end has saved its state.
    let files = remains.output.into_iter().filter(|_| remains.suspect || !left.is_empty());
    let mut in_output: Option<(&Utf8Path, State)> = None;
    for file in files {
        let found = dump::find(file).map_err(|error| {
            let summary = format!("cannot read what the engine printed, in `{file}`: {error}");
            Failure::new(FailureKind::State, summary)
        })?;
        in_output = found.map(|state| (file, state)).or(in_output);
    }
    match (in_file, in_output) {
        (Some((path, _)), None) => take(target, path).map(Rescued::Kept).map(Some),
        (Some((path, file)), Some((_, state))) if file.serial >= state.serial => {
            take(target, path).map(Rescued::Kept).map(Some)
        }
        (_, Some((output, state))) => match save(target, &state.bytes) {
            Ok(path) => {
                remove_torn(target, &left)?;
                Ok(Some(Rescued::Kept(path)))
            }
            // A name takes no room where a file has none.
            Err(error) => match fs::rename(output, printed(target)) {
                Ok(()) => Ok(Some(Rescued::Printed(printed(target), error.to_string()))),
                Err(_) => Ok(Some(Rescued::Printed(output.to_owned(), error.to_string()))),
            },
        },
        (None, None) => match left.first() {
            Some((path, _)) => take(target, path).map(Rescued::Torn).map(Some),
            None => Ok(None),
        },
    }
}

/// Moves a file that an engine left to where it is kept, which takes no room on a disk that is full.
fn take(target: &Target, left: &Utf8Path) -> Result<Utf8PathBuf, Failure> {
    let kept = kept(target);
    let moved = || -> io::Result<()> {
        fs::set_permissions(left, Permissions::from_mode(0o600))?;
        files::create_dirs(&target.state_dir)?;
        match fs::rename(left, &kept) {
            // On another file system it has to be copied.
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                save(target, &fs::read(left)?)?;
                fs::remove_file(left)
            }
            Ok(()) => {
                File::open(&kept)?.sync_all()?;
                files::sync_dir(&target.state_dir)
            }
            other => other,
        }
    };
    moved().map(|()| kept.clone()).map_err(|error| unmoved(left, &error))
}

fn unmoved(left: &Utf8Path, error: &io::Error) -> Failure {
    let summary = format!(
        "the state could not be saved; what the engine left of it in `{left}` could not be moved: {error}"
    );
    Failure::new(FailureKind::State, summary)
}

/// Writes a state to where it is kept, on the disk before anything else is removed.
pub(super) fn save(target: &Target, bytes: &[u8]) -> io::Result<Utf8PathBuf> {
    let kept = kept(target);
    files::write(&kept, bytes)?;
    File::open(&kept)?.sync_all()?;
    files::sync_dir(&target.state_dir)?;
    Ok(kept)
}

/// Removes what an engine began to write before it printed the whole state.
fn remove_torn(target: &Target, left: &[(Utf8PathBuf, Option<State>)]) -> Result<(), Failure> {
    for (path, _) in left.iter().filter(|(_, state)| state.is_none()) {
        files::remove_if_there(path).map_err(|error| {
            let summary = format!("`{path}` is no whole state and cannot be removed: {error}");
            let detail = format!("the state is in `{}`", kept(target));
            Failure::new(FailureKind::State, summary).with_detail(detail)
        })?;
    }
    Ok(())
}

impl Rescued {
    /// The failure of a command whose state could not be saved, with what to type.
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
            Self::Torn(path) => (
                "the state could not be saved".to_owned(),
                format!("what the engine left, in `{path}` now, is no state, and it printed none"),
            ),
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
