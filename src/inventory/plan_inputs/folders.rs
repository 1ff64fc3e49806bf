//! Folders outside of a stack that the stack's configuration names, and the files in them that a plan may depend on.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs, io,
};

use camino::{Utf8Path, Utf8PathBuf};
use sha2::{Digest, Sha256};

use super::walk::{Walk, is_data_folder, is_state_file};
use crate::{
    files::{is_executable, leads_nowhere},
    model::hex,
};

/// Maximum number of files to digest in one folder. Of a larger folder only names, sizes and modes count.
const MAX_DIGESTED: usize = 5_000;

/// Folders that a stack's configuration names.
#[derive(Debug, Default)]
pub(super) struct ReferencedFolders {
    named: BTreeSet<Utf8PathBuf>,
}

/// Inputs in the named folders.
#[derive(Debug, Default)]
pub(super) struct FolderFiles {
    /// Files that count by their content.
    pub(super) files: BTreeSet<Utf8PathBuf>,
    /// Folders with more than `MAX_DIGESTED` files, each with the digest of their names, sizes and modes.
    pub(super) large: BTreeMap<Utf8PathBuf, String>,
}

impl ReferencedFolders {
    /// Adds a folder, unless it lies outside of the project, is the project's root, or lies in a data directory.
    pub(super) fn add(&mut self, folder: Utf8PathBuf, root: &Utf8Path) {
        let Ok(below) = folder.strip_prefix(root) else { return };
        if below != "" && !below.components().any(|part| is_data_folder(part.as_str())) {
            self.named.insert(folder);
        }
    }

    /// Returns the folders that the configuration names.
    pub(super) fn into_named(self) -> BTreeSet<Utf8PathBuf> {
        self.named
    }

    /// Returns each named folder, but in place of a folder that holds the stack in `dir` the files directly in that folder.
    /// An error comes with the folder that could not be read.
    pub(super) fn input_paths(self, dir: &Utf8Path) -> Result<Vec<Utf8PathBuf>, (Utf8PathBuf, io::Error)> {
        let mut paths = Vec::new();
        for folder in self.named {
            if dir.starts_with(&folder) {
                paths.extend(files_directly_in(&folder).map_err(|error| (folder.clone(), error))?);
            } else {
                paths.push(folder);
            }
        }
        Ok(paths)
    }

    /// Returns the files in the named folders; of a folder that holds the stack in `dir`, only the files directly in it. An
    /// error comes with the folder that could not be read.
    pub(super) fn input_files(
        &self,
        dir: &Utf8Path,
        walk: &Walk<'_>,
    ) -> Result<FolderFiles, (Utf8PathBuf, io::Error)> {
        let mut input_files = FolderFiles::default();
        for folder in &self.named {
            let failed = |error| (folder.clone(), error);
            if dir.starts_with(folder) {
                input_files.files.extend(files_directly_in(folder).map_err(failed)?);
                continue;
            }
            let files = walk.files(folder).map_err(failed)?;
            if files.len() > MAX_DIGESTED {
                input_files.large.insert(folder.clone(), digest_of_listing(folder, &files).map_err(failed)?);
            } else {
                input_files.files.extend(files);
            }
        }
        Ok(input_files)
    }
}

/// Returns the files directly in a folder, without states.
fn files_directly_in(folder: &Utf8Path) -> io::Result<Vec<Utf8PathBuf>> {
    let mut files = Vec::new();
    for entry in folder.read_dir_utf8()? {
        let entry = entry?;
        let is_file = match fs::metadata(entry.path()) {
            Ok(kind) => !kind.is_dir(),
            Err(error) if leads_nowhere(&error) => false,
            Err(error) => return Err(error),
        };
        if is_file && !is_state_file(entry.file_name()) {
            files.push(entry.into_path());
        }
    }
    Ok(files)
}

/// Returns the digest of the names, sizes and modes of files.
fn digest_of_listing(folder: &Utf8Path, files: &BTreeSet<Utf8PathBuf>) -> io::Result<String> {
    let mut text = String::new();
    for file in files {
        let size = match fs::metadata(file) {
            Ok(found) => found.len(),
            // Deleted since the folder was listed: not an input.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let mode = if is_executable(file)? { "x" } else { "-" };
        // Writing to a String cannot fail.
        let _ = writeln!(text, "{size} {mode} {}", file.strip_prefix(folder).unwrap_or(file));
    }
    Ok(hex(&Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::plan_inputs::ExcludedPaths;

    #[test]
    fn a_large_folder_counts_by_names_and_sizes() {
        let keep = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(keep.path()).unwrap().canonicalize_utf8().unwrap();
        for folder in ["infra/app", "web", ".envctl/x"] {
            fs::create_dir_all(root.join(folder)).unwrap();
        }
        for file in ["infra/app/a", "infra/b", "c"] {
            fs::write(root.join(file), "").unwrap();
        }
        for number in 0..=MAX_DIGESTED {
            fs::write(root.join(format!("web/{number}")), "").unwrap();
        }
        let mut folders = ReferencedFolders::default();
        for folder in ["", "infra", "web", ".envctl/x", "../elsewhere"] {
            folders.add(crate::files::normalised(&root.join(folder)), &root);
        }
        let dir = root.join("infra/app");
        let walk = Walk { excluded: &ExcludedPaths::default(), skip_modules: false };
        let input_files = || folders.input_files(&dir, &walk).unwrap();
        let before = input_files();
        assert_eq!(before.files, BTreeSet::from([root.join("infra/b")]));
        assert_eq!(before.large.keys().collect::<Vec<_>>(), [&root.join("web")]);
        fs::write(root.join("web/1"), "more").unwrap();
        assert_ne!(before.large, input_files().large);
    }
}
