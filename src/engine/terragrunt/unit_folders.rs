//! Folders in which Terragrunt runs the driven engine for a unit, and files that an engine leaves there.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use camino::{Utf8Path, Utf8PathBuf};
use sha1::{Digest, Sha1};

use crate::{
    engine::{
        Target,
        terraform::{
            backend_record::{BackendInFolder, RECORD},
            fingerprint::is_configuration,
        },
    },
    files,
    model::{Failure, FailureKind},
};

/// Folder beside a unit into which Terragrunt copies sources.
const CACHE: &str = ".terragrunt-cache";

/// File that Terragrunt writes at each run into the folder that it runs the engine in, if that is a copy of the unit's
/// source. Measured on Terragrunt 1.1.
const COPY_MANIFEST: &str = ".terragrunt-module-manifest";

/// Data directory that an engine leaves in the folder that it runs in.
const DATA_DIR: &str = ".terraform";

/// Length of the names of folders below a download directory: a SHA-1 in base64 without padding.
const ENCODED_LENGTH: usize = 27;

/// Folder in an instance's data directory that replaces [`CACHE`] if several instances have the same unit.
const OWN_CACHE: &str = "terragrunt";

/// Returns the separate download directory of an instance whose unit's folder serves several instances: files that
/// Terragrunt generates for one instance must not be used for another. `None` for other instances.
pub(super) fn download_dir(target: &Target) -> Option<Utf8PathBuf> {
    target.folder.is_shared.then(|| target.data_dir.join(OWN_CACHE))
}

/// Creates the separate download directory of an instance, which only its owner may enter: it will hold backend
/// configuration.
pub(super) fn make_download_dir(target: &Target) -> Result<(), Failure> {
    let Some(folder) = download_dir(target) else { return Ok(()) };
    files::create_dirs(&folder)
        .map_err(|error| Failure::new(FailureKind::Config, format!("cannot make `{folder}`: {error}")))
}

/// Returns the folder in which Terragrunt runs the engine for a unit: the last used one of its cache, or the unit's own
/// folder.
pub(super) fn working_folder(target: &Target) -> io::Result<Utf8PathBuf> {
    working_folders(target).map(|mut folders| folders.swap_remove(0))
}

/// Returns the folders in which Terragrunt has run an engine for a unit, the last used one first; the unit's own folder is
/// the last of them.
///
/// The init of a module without providers, modules and backend leaves no data directory, and its state lies in the copy:
/// a copy counts with or without one.
fn working_folders(target: &Target) -> io::Result<Vec<Utf8PathBuf>> {
    let mut found = BTreeMap::new();
    find_copies(cache_of(target).as_std_path(), &mut found)?;
    let mut found: Vec<_> = found.into_iter().map(|(folder, time)| (time, folder)).collect();
    found.sort_by(|one, other| other.cmp(one));
    Ok(found.into_iter().map(|(_, folder)| folder).chain([target.dir.clone()]).collect())
}

/// Returns the backends that are in force in the folders in which Terragrunt has run an engine for a unit, that of the last
/// used folder first. None is known if the init in that folder failed, or if the unit sets a `download_dir`.
pub(super) fn backends_in_force(target: &Target) -> io::Result<Vec<BackendInFolder>> {
    let folders = working_folders(target)?;
    let has_copy = folders.len() > 1;
    let mut found = Vec::new();
    for folder in folders {
        let is_copy = folder != target.dir;
        let is_known = folder.join(DATA_DIR).join(RECORD).is_file()
            || if is_copy { !names_backend(&folder)? } else { !has_copy && has_engine_run(&folder) };
        if is_known {
            found.push(BackendInFolder::read(&folder.join(DATA_DIR), &folder)?);
        } else if is_copy && found.is_empty() {
            return Ok(found);
        }
    }
    Ok(found)
}

/// Returns true if a configuration file in a folder may configure a backend: it contains the word `backend` or `cloud`.
fn names_backend(folder: &Utf8Path) -> io::Result<bool> {
    for (path, is_folder) in entries(folder.as_std_path())? {
        let path = utf8_path(path)?;
        if is_folder || !path.file_name().is_some_and(is_configuration) {
            continue;
        }
        let text = files::read_whole(&path).map_err(|error| unreadable(path.as_std_path(), &error))?;
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
        if text.split(|byte| !is_part(byte)).any(|word| [b"backend" as &[u8], b"cloud"].contains(&word)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the folder that holds the copies that Terragrunt made of a unit's source.
fn cache_of(target: &Target) -> Utf8PathBuf {
    match download_dir(target) {
        // The units whose outputs Terragrunt reads lie in the same directory.
        Some(folder) => folder.join(encoded_unit(files::resolve_links(&target.dir).as_str().as_bytes())),
        None => target.dir.join(CACHE),
    }
}

/// Returns the folder that Terragrunt ran the engine in last: a copy of the unit's source, even without an init, or the
/// unit's own.
pub(in crate::engine) fn folder_in_use(target: &Target) -> io::Result<Utf8PathBuf> {
    let mut found = Vec::new();
    collect_named(cache_of(target).as_std_path(), COPY_MANIFEST, &mut found)?;
    let mut written = Vec::new();
    for file in found {
        let time = fs::metadata(&file).and_then(|metadata| metadata.modified());
        written.push((time.map_err(|error| unreadable(file.as_std_path(), &error))?, file));
    }
    let newest = written.into_iter().max();
    Ok(newest.and_then(|(_, file)| Some(file.parent()?.to_owned())).unwrap_or_else(|| target.dir.clone()))
}

/// Unit for which Terragrunt copied a source into a download directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DownloadedFor {
    /// Unit of the target that [`downloaded_for`] was called with.
    ThisUnit,
    /// Another unit: its plans and applies may write the file.
    OtherUnit,
}

/// Returns the unit for which Terragrunt downloaded a file; `None` for any other file. Terragrunt downloads into
/// `DOWNLOAD_DIR/<encoded unit>/<encoded source>`, for any `download_dir`.
pub fn downloaded_for(target: &Target, file: &Utf8Path) -> Option<DownloadedFor> {
    let names: Vec<&str> = file.components().map(|part| part.as_str()).collect();
    let is_encoded = |name: &str| {
        name.len() == ENCODED_LENGTH
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let pair = names.windows(2).find(|pair| pair.iter().all(|name| is_encoded(name)))?;
    let own = encoded_unit(files::resolve_links(&target.dir).as_str().as_bytes());
    Some(if pair[0] == own { DownloadedFor::ThisUnit } else { DownloadedFor::OtherUnit })
}

/// Returns true if Terragrunt runs or has run an engine in a unit's own folder. The folder of a unit with a `source` is
/// none: its working folders lie elsewhere if the unit sets `download_dir`.
fn has_engine_run(folder: &Utf8Path) -> bool {
    let is_configured = || {
        folder.read_dir_utf8().is_ok_and(|mut entries| {
            entries.any(|entry| entry.is_ok_and(|entry| is_configuration(entry.file_name())))
        })
    };
    folder.join(DATA_DIR).is_dir() || is_configured()
}

/// Returns the name that a unit's folder gets in a download directory.
///
/// Source: `util.EncodeBase64Sha1` of Terragrunt, of the folder's path; measured on 1.1.3.
fn encoded_unit(unit: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha1::digest(unit))
}

/// Finds the files with a certain name that an engine left for a unit: in the unit's own folder and in all folders of its
/// caches.
pub(super) fn files_named(target: &Target, name: &str) -> io::Result<Vec<Utf8PathBuf>> {
    let mut found = Vec::new();
    let own = target.dir.join(name);
    match own.symlink_metadata() {
        Ok(kind) if kind.is_dir() => {}
        Ok(_) => found.push(own),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(unreadable(own.as_std_path(), &error)),
    }
    for cache in [Some(target.dir.join(CACHE)), download_dir(target)].into_iter().flatten() {
        collect_named(cache.as_std_path(), name, &mut found)?;
    }
    Ok(found)
}

/// Finds the copies of a unit's source below a folder, with the time of their last use: of their last init or, if it is
/// later, of the last run of Terragrunt that copied the unit there.
fn find_copies(folder: &Path, found: &mut BTreeMap<Utf8PathBuf, SystemTime>) -> io::Result<()> {
    for (path, is_folder) in entries(folder)? {
        let name = path.file_name();
        let is_mark =
            name.is_some_and(|name| if is_folder { name == DATA_DIR } else { name == COPY_MANIFEST });
        if is_mark {
            match fs::metadata(&path).and_then(|metadata| metadata.modified()) {
                Ok(time) => {
                    let last = found.entry(utf8_path(folder.to_owned())?).or_insert(time);
                    *last = time.max(*last);
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(unreadable(&path, &error)),
            }
        } else if is_folder {
            find_copies(&path, found)?;
        }
    }
    Ok(())
}

/// Collects the files with a certain name below a folder, except in the data directories of engines.
fn collect_named(folder: &Path, name: &str, found: &mut Vec<Utf8PathBuf>) -> io::Result<()> {
    for (path, is_folder) in entries(folder)? {
        let own = path.file_name();
        if is_folder && own.is_some_and(|own| own != DATA_DIR) {
            collect_named(&path, name, found)?;
        } else if !is_folder && own.is_some_and(|own| own == name) {
            found.push(utf8_path(path)?);
        }
    }
    Ok(())
}

/// Returns the paths in a folder, each with true for a folder; empty if the folder does not exist.
fn entries(folder: &Path) -> io::Result<Vec<(PathBuf, bool)>> {
    let listed = match fs::read_dir(folder) {
        Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind()) => {
            return Ok(Vec::new());
        }
        listed => listed.map_err(|error| unreadable(folder, &error))?,
    };
    let mut found = Vec::new();
    for entry in listed {
        let entry = entry.map_err(|error| unreadable(folder, &error))?;
        match entry.file_type() {
            Ok(kind) => found.push((entry.path(), kind.is_dir())),
            // Removed since the folder was listed.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(unreadable(&entry.path(), &error)),
        }
    }
    Ok(found)
}

fn utf8_path(path: PathBuf) -> io::Result<Utf8PathBuf> {
    Utf8PathBuf::from_path_buf(path).map_err(|path| {
        let error = io::Error::new(io::ErrorKind::InvalidData, "its path is not UTF-8");
        unreadable(&path, &error)
    })
}

/// Returns an error of a read, with the path added.
fn unreadable(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot read `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::ffi::OsStrExt as _;

    use rustix::fs::{Mode, OFlags, mkdirat, openat};

    use super::*;

    /// Creates nested folders until the path of the last one is too long for any system.
    fn nest_beyond_any_path(folder: &Utf8Path) {
        let name = "n".repeat(200);
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let mut above = fs::File::open(folder).unwrap();
        for _ in 0..25 {
            mkdirat(&above, &*name, Mode::RWXU).unwrap();
            above = openat(&above, &*name, flags, Mode::empty()).unwrap().into();
        }
    }

    #[test]
    fn a_folder_of_a_cache_that_cannot_be_read_is_an_error_and_not_empty() {
        let keep = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(keep.path()).unwrap();
        for (what, nothing) in [("a file", folder.join("file")), ("nothing", folder.join("missing"))] {
            if what == "a file" {
                fs::write(&nothing, "").unwrap();
            }
            assert!(entries(nothing.as_std_path()).unwrap().is_empty(), "{what}");
        }
        nest_beyond_any_path(folder);
        let errors = [
            collect_named(folder.as_std_path(), "errored.tfstate", &mut Vec::new()).unwrap_err(),
            find_copies(folder.as_std_path(), &mut BTreeMap::new()).unwrap_err(),
        ];
        for error in errors {
            assert!(error.to_string().starts_with(&format!("cannot read `{folder}/nnn")), "{error}");
        }
    }

    #[test]
    fn a_name_that_is_not_utf8_hides_no_file_beside_it() {
        let keep = tempfile::tempdir().unwrap();
        let folder = Utf8Path::from_path(keep.path()).unwrap();
        let odd = folder.as_std_path().join(std::ffi::OsStr::from_bytes(b"a\xff"));
        fs::create_dir(&odd).unwrap();
        fs::write(folder.join("errored.tfstate"), "").unwrap();
        let mut found = Vec::new();
        collect_named(folder.as_std_path(), "errored.tfstate", &mut found).unwrap();
        assert_eq!(found, [folder.join("errored.tfstate")]);
        fs::write(odd.join("errored.tfstate"), "").unwrap();
        let error = collect_named(folder.as_std_path(), "errored.tfstate", &mut found).unwrap_err();
        assert!(error.to_string().ends_with("its path is not UTF-8"), "{error}");
    }

    #[test]
    fn a_download_folder_is_named_as_terragrunt_names_it() {
        // Name by Terragrunt 1.1.3.
        assert_eq!(encoded_unit(b"/tmp/unit/live/app"), "CiZ1h87FFsLTE3d4fWnFYVRONhw");
    }
}
