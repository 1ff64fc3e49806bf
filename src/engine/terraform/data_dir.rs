//! Data directory of an instance: the backend record is its own, modules and providers are those of the stack's folder.
//!
//! `modules` and `providers` in it are relative links to the `.terraform` that the engine itself uses in the stack's folder.
//! So `path.module` of a fetched module is the same text as without envctl, in every checkout, and several environments of
//! one folder share installed modules and providers. If all modules are local, or their sources depend on values that differ
//! between environments, `modules` is a folder of the instance's own.

use std::{fs, io, os::unix::fs::symlink};

use camino::{Utf8Path, Utf8PathBuf};

use super::backend_record::RECORD;
use crate::{
    engine::{EngineError, Target, layout::ENGINE_FOLDER},
    files::{relative_path, resolve_links},
    model::{Failure, FailureKind},
    ui::shell_word,
};

/// Folders of a data directory that the instances of one stack folder share.
const SHARED: [&str; 2] = ["modules", "providers"];

/// Location of the modules of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ModulesAt {
    /// `.terraform` in the stack's folder.
    StackFolder,
    /// Data directory of the instance.
    DataDir,
}

/// Permission to replace files and folders of an older envctl or another configuration by links in a data directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Replacement {
    /// Replacement allowed: no other process reads the data directory now.
    Allowed,
    /// No replacement: another process may be reading the data directory.
    Refused,
}

/// Returns the path of the data directory relative to the stack's folder, links in both resolved.
pub(super) fn relative(target: &Target) -> Utf8PathBuf {
    relative_path(&resolve_links(&target.dir), &resolve_links(&target.data_dir))
}

/// Creates the links of a data directory and, if `replace` allows it, the folders that they point to. Returns false if a
/// file or folder that must stay is in the way.
///
/// A stack's folder that is not writable keeps its links, which are dangling then: an engine that has nothing to install
/// does not follow them.
pub(super) fn create_links(
    target: &Target,
    modules: ModulesAt,
    replace: Replacement,
) -> Result<bool, EngineError> {
    let engine_folder = target.dir.join(ENGINE_FOLDER);
    refuse_other_than_folder(&engine_folder, target)?;
    let mut is_linked = true;
    for name in SHARED {
        let (place, shared) = (target.data_dir.join(name), engine_folder.join(name));
        let is_own = name == "modules" && modules == ModulesAt::DataDir;
        let made = if is_own {
            own_folder(&place, replace)
        } else {
            if replace == Replacement::Allowed {
                make_folder(&shared).map_err(|error| unusable(&shared, &error))?;
            }
            let leads_to = relative_path(&resolve_links(&target.data_dir), &resolve_links(&shared));
            create_link(&place, &leads_to, replace)
        };
        is_linked &= made.map_err(|error| unusable(&place, &error))?;
    }
    Ok(is_linked)
}

/// Removes the folders that an init left empty in the stack's `.terraform`; the links to them may be dangling if nothing is
/// installed.
pub(super) fn remove_empty(target: &Target) {
    let engine_folder = target.dir.join(ENGINE_FOLDER);
    for folder in SHARED.map(|name| engine_folder.join(name)).iter().chain([&engine_folder]) {
        // A folder with content stays, as does a link to a folder, and one that cannot be removed does no harm.
        fs::remove_dir(folder).ok();
    }
}

/// Returns true if a data directory has its links, or folders in their place, and its backend record is no link. (An init
/// replaces a record that is a link.)
pub(super) fn is_laid_out(data_dir: &Utf8Path) -> bool {
    data_dir.is_dir()
        && !data_dir.join(RECORD).is_symlink()
        && SHARED.iter().all(|name| data_dir.join(name).symlink_metadata().is_ok())
}

/// Creates a folder, except in a place that is not writable.
fn make_folder(folder: &Utf8Path) -> io::Result<()> {
    match fs::create_dir_all(folder) {
        Err(error)
            if [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem]
                .contains(&error.kind()) =>
        {
            Ok(())
        }
        made => made,
    }
}

/// Creates a folder of the instance's own at a path where a link may be; returns false if something that must stay is in
/// the way.
fn own_folder(place: &Utf8Path, replace: Replacement) -> io::Result<bool> {
    match place.symlink_metadata() {
        Ok(found) if found.is_dir() => return Ok(true),
        Ok(_) if replace == Replacement::Refused => return Ok(false),
        Ok(_) => fs::remove_file(place)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    fs::create_dir_all(place).map(|()| true)
}

/// Creates the link `place` to a folder; returns false if something that must stay is in the way.
fn create_link(place: &Utf8Path, leads_to: &Utf8Path, replace: Replacement) -> io::Result<bool> {
    match place.symlink_metadata() {
        Ok(found) if found.is_symlink() && fs::read_link(place)? == leads_to.as_std_path() => {
            return Ok(true);
        }
        Ok(_) if replace == Replacement::Refused => return Ok(false),
        Ok(found) if found.is_dir() => fs::remove_dir_all(place)?,
        Ok(_) => fs::remove_file(place)?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(error),
    }
    match symlink(leads_to, place) {
        // Another envctl process created it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(true),
        made => made.map(|()| true),
    }
}

/// Refuses a `.terraform` that is a file, or a dangling link: the message of the engine does not say so.
fn refuse_other_than_folder(engine_folder: &Utf8Path, target: &Target) -> Result<(), EngineError> {
    let (is_file_there, is_folder) = (engine_folder.symlink_metadata().is_ok(), engine_folder.is_dir());
    if !is_file_there || is_folder {
        return Ok(());
    }
    let shown = engine_folder.strip_prefix(&target.project).unwrap_or(engine_folder);
    let what = if engine_folder.is_symlink() { "is a link that leads to no folder" } else { "is a file" };
    let failure = Failure::new(FailureKind::Config, format!("`{shown}` {what}")).with_detail(format!(
        "engines install modules and providers there; remove it: `rm {}`",
        shell_word(shown.as_str())
    ));
    Err(EngineError::Failed(failure))
}

/// Returns the error of a path that cannot be used.
pub(in crate::engine) fn unusable(path: &Utf8Path, error: &io::Error) -> EngineError {
    EngineError::Failed(Failure::new(FailureKind::Config, format!("cannot use `{path}`: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_in_place_of_a_link_goes_only_where_that_is_allowed() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap();
        let place = root.join("modules");
        fs::create_dir_all(place.join("old")).unwrap();
        fs::create_dir_all(root.join("shared/kept")).unwrap();
        let leads_to = Utf8Path::new("shared");
        assert!(!create_link(&place, leads_to, Replacement::Refused).unwrap());
        assert!(place.join("old").is_dir());
        assert!(create_link(&place, leads_to, Replacement::Allowed).unwrap());
        assert!(place.join("kept").is_dir());
        assert!(create_link(&place, leads_to, Replacement::Refused).unwrap());
        assert!(!own_folder(&place, Replacement::Refused).unwrap());
        assert!(own_folder(&place, Replacement::Allowed).unwrap());
        assert!(place.is_dir() && !place.is_symlink() && root.join("shared/kept").is_dir());
    }
}
