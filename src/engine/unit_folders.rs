//! Folders of a Terragrunt unit: where Terragrunt runs the engine that it drives, and what an engine leaves there.

use std::{fs, os::unix::ffi::OsStrExt, time::SystemTime};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use camino::{Utf8Path, Utf8PathBuf};
use sha1::{Digest, Sha1};

use super::{Target, data_dir::real_path, fingerprint::is_configuration};
use crate::{
    files,
    model::{Failure, FailureKind},
};

/// The folder beside a unit that Terragrunt copies modules into.
const CACHE: &str = ".terragrunt-cache";

/// File that Terragrunt writes at each run into the folder that it runs the engine in, where that is a copy of the unit's source.
/// Measured on Terragrunt 1.1.
const MANIFEST: &str = ".terragrunt-module-manifest";

/// Length of a name that Terragrunt gives to a folder below a download directory: a SHA-1 in base64 without padding.
const ENCODED: usize = 27;

/// The folder in an instance's data directory in its place, where several instances have the same unit.
const OWN: &str = "terragrunt";

/// Returns the download directory of an instance's own, where its unit's folder serves several instances: what Terragrunt
/// generates for one of them must not be read for another.
pub(super) fn download_dir(target: &Target) -> Option<Utf8PathBuf> {
    target.folder.is_shared.then(|| target.data_dir.join(OWN))
}

/// Makes the download directory of an instance's own, which only its user may enter: Terragrunt writes backends into it.
pub(super) fn make_download_dir(target: &Target) -> Result<(), Failure> {
    let Some(folder) = download_dir(target) else { return Ok(()) };
    files::create_dirs(&folder)
        .map_err(|error| Failure::new(FailureKind::Config, format!("cannot make `{folder}`: {error}")))
}

/// Returns the folder in which Terragrunt runs the engine for a unit: the one of its cache that was initialised last, or the
/// unit's own.
pub(super) fn working_folder(target: &Target) -> Utf8PathBuf {
    working_folders(target).swap_remove(0)
}

/// Returns the folders in which Terragrunt has run an engine for a unit, that of the last init first; the unit's own is the
/// last of them.
pub(super) fn working_folders(target: &Target) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    initialised(&cache_of(target), &mut found);
    found.sort_by(|one, other| other.cmp(one));
    found.into_iter().map(|(_, folder)| folder).chain([target.dir.clone()]).collect()
}

/// Returns the folder that holds the copies that Terragrunt makes of a unit's source.
fn cache_of(target: &Target) -> Utf8PathBuf {
    match download_dir(target) {
        // The units that it reads outputs of are in the same directory.
        Some(folder) => folder.join(encoded(real_path(&target.dir).as_os_str().as_bytes())),
        None => target.dir.join(CACHE),
    }
}

/// Returns the folder that Terragrunt ran the engine in last: a copy of the unit's source, initialised or not, or the unit's own.
pub(super) fn folder_in_use(target: &Target) -> Utf8PathBuf {
    let mut found = Vec::new();
    collect(&cache_of(target), MANIFEST, &mut found);
    let written = |file: Utf8PathBuf| Some((fs::metadata(&file).ok()?.modified().ok()?, file));
    let newest = found.into_iter().filter_map(written).max();
    newest.and_then(|(_, file)| Some(file.parent()?.to_owned())).unwrap_or_else(|| target.dir.clone())
}

/// Unit whose source a file was copied from, where it lies below a download directory of Terragrunt's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownloadedFor {
    /// The unit of the target.
    ThisUnit,
    /// Another unit, whose plans and applies write the file.
    OtherUnit,
}

/// Returns the unit that a file was downloaded for; none for any other file. Terragrunt writes below
/// `DOWNLOAD_DIR/<encoded unit>/<encoded source>`, wherever `download_dir` puts that.
pub fn downloaded_for(target: &Target, file: &Utf8Path) -> Option<DownloadedFor> {
    let names: Vec<&str> = file.components().map(|part| part.as_str()).collect();
    let is_encoded = |name: &str| {
        name.len() == ENCODED
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let pair = names.windows(2).find(|pair| pair.iter().all(|name| is_encoded(name)))?;
    let own = encoded(real_path(&target.dir).as_os_str().as_bytes());
    Some(if pair[0] == own { DownloadedFor::ThisUnit } else { DownloadedFor::OtherUnit })
}

/// Returns true if Terragrunt runs or has run an engine in a folder. It runs none in that of a unit with a `source`, whose working
/// folders lie elsewhere where the unit names a `download_dir`.
pub(super) fn has_engine_run(folder: &Utf8Path) -> bool {
    let is_configured = || {
        folder.read_dir_utf8().is_ok_and(|mut entries| {
            entries.any(|entry| entry.is_ok_and(|entry| is_configuration(entry.file_name())))
        })
    };
    folder.join(".terraform").is_dir() || is_configured()
}

/// Returns the name under which Terragrunt downloads for the unit in a folder.
///
/// Source: `util.EncodeBase64Sha1` of Terragrunt, of the folder's path; measured on 1.1.3.
fn encoded(unit: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha1::digest(unit))
}

/// Finds the files of a name that an engine left for a unit: in the unit's own folder and in all folders of its caches.
pub(super) fn files_named(target: &Target, name: &str) -> Vec<Utf8PathBuf> {
    let mut found = Vec::new();
    let own = target.dir.join(name);
    let is_there = own.symlink_metadata().is_ok_and(|found| !found.is_dir());
    found.extend(is_there.then_some(own));
    for cache in [Some(target.dir.join(CACHE)), download_dir(target)].into_iter().flatten() {
        collect(&cache, name, &mut found);
    }
    found
}

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

/// Collects the files of a name below a folder, but for the data directories of engines.
fn collect(folder: &Utf8Path, name: &str, found: &mut Vec<Utf8PathBuf>) {
    let Ok(entries) = folder.read_dir_utf8() else { return };
    for entry in entries.flatten() {
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && entry.file_name() != ".terraform" {
            collect(entry.path(), name, found);
        } else if !is_folder && entry.file_name() == name {
            found.push(entry.into_path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_download_folder_is_named_as_terragrunt_names_it() {
        // As Terragrunt 1.1.3 named it.
        assert_eq!(encoded(b"/tmp/unit/live/app"), "CiZ1h87FFsLTE3d4fWnFYVRONhw");
    }
}
