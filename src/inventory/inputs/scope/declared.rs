//! The files that `files` of environments.toml names.

use std::{collections::BTreeSet, fs, io};

use camino::{Utf8Path, Utf8PathBuf};
use globset::{GlobBuilder, GlobMatcher};

use super::{InputError, InputScope};
use crate::engine::units::normalised;

impl InputScope {
    /// The files that `files` of environments.toml names.
    pub(super) fn declared(&self) -> Result<BTreeSet<Utf8PathBuf>, InputError> {
        let mut found = BTreeSet::new();
        for glob in &self.globs {
            let failed = |error: globset::Error| InputError::Glob {
                glob: glob.clone(),
                reason: error.kind().to_string(),
            };
            let whole = normalised(&self.dir.join(glob));
            let matcher = GlobBuilder::new(whole.as_str())
                .literal_separator(true)
                .build()
                .map_err(failed)?
                .compile_matcher();
            // The part before the first special character names a folder for certain.
            let fixed =
                whole.as_str().find(['*', '?', '[', '{']).map_or(whole.as_str(), |at| &whole.as_str()[..at]);
            if whole.is_file() {
                found.insert(whole);
            } else if let Some(folder) = fixed.rfind('/').map(|at| Utf8Path::new(&fixed[..at])) {
                matching(folder, &matcher, &mut found)
                    .map_err(|source| InputError::Read { path: folder.to_owned(), source })?;
            }
        }
        Ok(found)
    }
}

fn matching(dir: &Utf8Path, matcher: &GlobMatcher, found: &mut BTreeSet<Utf8PathBuf>) -> io::Result<()> {
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
                matching(path, matcher, found)?;
            }
        } else if matcher.is_match(path) && fs::metadata(path).is_ok_and(|kind| kind.is_file()) {
            found.insert(path.to_owned());
        }
    }
    Ok(())
}
