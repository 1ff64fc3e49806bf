//! Folders of a Terragrunt unit: where Terragrunt runs the engine that it drives, and what an engine leaves there.

use std::time::SystemTime;

use camino::{Utf8Path, Utf8PathBuf};

/// Folder in which Terragrunt keeps the working folders of a unit with a `source`, inside the unit's own.
const CACHE: &str = ".terragrunt-cache";

/// Folder in which Terragrunt runs the engine for a unit: the one of its cache that was initialised last, or the unit's own.
pub(super) fn working_folder(unit: &Utf8Path) -> Utf8PathBuf {
    working_folders(unit).swap_remove(0)
}

/// Folders in which Terragrunt has run an engine for a unit, that of the last init first; the unit's own is the last of them.
pub(super) fn working_folders(unit: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    initialised(&unit.join(CACHE), &mut found);
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, folder)| folder).chain([unit.to_owned()]).collect()
}

/// Files of a name that an engine left in a unit's folder or in any of its working folders.
pub(super) fn files_named(unit: &Utf8Path, name: &str) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    collect(unit, name, &mut found);
    collect(&unit.join(CACHE), name, &mut found);
    found
}

/// Adds the initialised folders below a folder, each with the time of its last init.
fn initialised(folder: &Utf8Path, found: &mut Vec<(SystemTime, Utf8PathBuf)>) {
    let Ok(entries) = folder.read_dir_utf8() else { return };
    for entry in entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())) {
        if entry.file_name() == ".terraform" {
            let time = entry.metadata().and_then(|metadata| metadata.modified());
            found.extend(time.ok().map(|time| (time, folder.to_owned())));
        } else {
            initialised(entry.path(), found);
        }
    }
}

/// Adds the files of a name in a folder and, below the cache, in all folders of the cached modules.
fn collect(folder: &Utf8Path, name: &str, found: &mut Vec<Utf8PathBuf>) {
    let inside_cache = folder.as_str().contains(CACHE);
    let Ok(entries) = folder.read_dir_utf8() else { return };
    for entry in entries.flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && inside_cache && entry.file_name() != ".terraform" {
            collect(entry.path(), name, found);
        } else if !is_folder && entry.file_name() == name {
            found.push(entry.into_path());
        }
    }
}
