//! Inputs named outside of the configuration: files that `files` of environments.toml matches, and files that select the
//! version of an engine (`.terraform-version`, `.tool-versions`).

use std::{collections::BTreeSet, fs, io};

use camino::{Utf8Path, Utf8PathBuf};

use super::{InputError, InputScope};
use crate::{
    engine::detect::version_files, files, git::command::repository,
    inventory::plan_inputs::file_pattern::FilePattern,
};

impl InputScope {
    /// Returns the files that match the patterns under `files` of environments.toml.
    pub(super) fn declared(&self) -> Result<BTreeSet<Utf8PathBuf>, InputError> {
        let mut found = BTreeSet::new();
        for glob in &self.globs {
            let failed = |error: globset::Error| InputError::Glob {
                glob: glob.clone(),
                reason: error.kind().to_string(),
            };
            let pattern = FilePattern::new(&self.dir, glob).map_err(failed)?;
            if files::is_there(pattern.literal()) {
                found.insert(pattern.literal().to_owned());
            }
            if !pattern.is_literal() {
                let folder = pattern.folder();
                matching(folder, &pattern, &mut found)
                    .map_err(|source| InputError::Read { path: folder.to_owned(), source })?;
            }
        }
        Ok(found)
    }

    /// Returns the files above the stack, up to the root of the repository, that select the engine's version. The program of
    /// a version manager has the same digest whichever version it starts, so these files are inputs.
    pub(super) fn of_version(&self) -> Vec<Utf8PathBuf> {
        let top = repository(&self.dir).unwrap_or(&self.root);
        let above = self.dir.ancestors().skip(1).take_while(|dir| dir.starts_with(top));
        let named = above.flat_map(|dir| version_files(self.engine).map(|name| dir.join(name)));
        named.filter(|file| files::is_there(file)).collect()
    }
}

fn matching(dir: &Utf8Path, pattern: &FilePattern, found: &mut BTreeSet<Utf8PathBuf>) -> io::Result<()> {
    let entries = match dir.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind()) => {
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            if ![".git", ".envctl", ".terraform", ".terragrunt-cache"].contains(&entry.file_name()) {
                matching(path, pattern, found)?;
            }
        } else if path.strip_prefix(pattern.folder()).is_ok_and(|below| pattern.matches(below))
            && fs::metadata(path).is_ok_and(|kind| !kind.is_dir())
        {
            found.insert(path.to_owned());
        }
    }
    Ok(())
}
