//! Inputs named outside of the configuration: files that `files` of environments.toml matches, and files that select the
//! version of an engine (`.terraform-version`, `.tool-versions`).

use std::{collections::BTreeSet, fs, io};

use camino::{Utf8Path, Utf8PathBuf};

use super::InputError;
use crate::{
    engine::detect::version_files,
    files::{self, resolve_links},
    git::command::repository_root,
    inventory::plan_inputs::file_pattern::FilePattern,
    model::EngineName,
};

/// Returns the files that match the patterns under `files` of environments.toml.
pub(super) fn declared_files(dir: &Utf8Path, globs: &[String]) -> Result<BTreeSet<Utf8PathBuf>, InputError> {
    let mut found = BTreeSet::new();
    for glob in globs {
        let pattern = compile_pattern(dir, glob)?;
        if files::is_file_there(pattern.literal()) {
            found.insert(pattern.literal().to_owned());
        }
        if !pattern.is_literal() {
            let folder = pattern.folder();
            collect_matches(folder, &pattern, &mut found)
                .map_err(|source| InputError::Read { path: folder.to_owned(), source })?;
        }
    }
    Ok(found)
}

/// Returns true if a pattern under `files` of environments.toml matches a file, which may be missing. The path must be
/// absolute and without links.
pub(super) fn is_declared(dir: &Utf8Path, globs: &[String], file: &Utf8Path) -> Result<bool, InputError> {
    for glob in globs {
        let pattern = compile_pattern(dir, glob)?;
        let folder = resolve_links(pattern.folder());
        if resolve_links(pattern.literal()) == file
            || file.strip_prefix(&folder).is_ok_and(|below| pattern.matches(below))
        {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Compiles a pattern under `files` of environments.toml.
fn compile_pattern(dir: &Utf8Path, glob: &str) -> Result<FilePattern, InputError> {
    FilePattern::new(dir, glob)
        .map_err(|error| InputError::Glob { glob: glob.to_owned(), reason: error.kind().to_string() })
}

/// Returns the files above a stack, up to the root of the repository, that select the engine's version. The program of a
/// version manager has the same digest whichever version it starts, so these files are inputs.
pub(super) fn version_files_above(dir: &Utf8Path, root: &Utf8Path, engine: EngineName) -> Vec<Utf8PathBuf> {
    let top = repository_root(dir).unwrap_or(root);
    let above = dir.ancestors().skip(1).take_while(|dir| dir.starts_with(top));
    let named = above.flat_map(|dir| version_files(engine).map(|name| dir.join(name)));
    named.filter(|file| files::is_file_there(file)).collect()
}

/// Adds the files below a folder that a pattern matches.
fn collect_matches(
    dir: &Utf8Path,
    pattern: &FilePattern,
    found: &mut BTreeSet<Utf8PathBuf>,
) -> io::Result<()> {
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
                collect_matches(path, pattern, found)?;
            }
        } else if path.strip_prefix(pattern.folder()).is_ok_and(|below| pattern.matches(below))
            && fs::metadata(path).is_ok_and(|kind| !kind.is_dir())
        {
            found.insert(path.to_owned());
        }
    }
    Ok(())
}
