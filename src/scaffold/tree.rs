//! Folders of a repository with the names of their files, as far as they can hold stacks.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
};

use camino::{Utf8Path, Utf8PathBuf};
use ignore::WalkBuilder;

use crate::engine::{detect::DetectError, layout::marks_stack};

/// Names of folders that programs fill, which envctl does not enter.
const CACHES: [&str; 7] =
    [".git", ".terraform", ".terragrunt-cache", ".terragrunt-stack", ".envctl", "node_modules", ".venv"];

/// Names of folders with examples and tests.
const EXAMPLE_FOLDERS: [&str; 6] = ["example", "examples", "fixtures", "testdata", "tests", "vendor"];

/// Names of folders with templates and with what is no longer used.
const UNUSED_FOLDERS: [&str; 12] = [
    "_template",
    "_templates",
    "_skel",
    "skel",
    "_skeleton",
    "_example",
    "_examples",
    "deprecated",
    "_deprecated",
    "_archive",
    "tmp",
    "temp",
];

/// Error of reading a repository.
#[derive(Debug, thiserror::Error)]
pub enum ScaffoldError {
    /// A file or folder could not be read.
    #[error("cannot read `{path}`: {error}")]
    Unreadable {
        /// Path of the file or folder.
        path: Utf8PathBuf,
        /// Error of the operating system.
        error: io::Error,
    },
    /// The walk over the folders failed.
    #[error("cannot look for stacks: {0}")]
    Walk(#[from] ignore::Error),
    /// A folder that holds a stack has a path that is not UTF-8.
    #[error("the path `{0}` is not UTF-8")]
    NotUtf8(String),
    /// The files that determine a stack's engine could not be read.
    #[error(transparent)]
    Engine(#[from] DetectError),
}

/// Folders of a repository.
#[derive(Debug, Default)]
pub(super) struct RepositoryTree {
    /// Absolute path of the root folder.
    pub(super) root: Utf8PathBuf,
    /// Sorted names of files by folder; folders are relative to the root.
    pub(super) folders: BTreeMap<Utf8PathBuf, Vec<String>>,
    /// Folders of examples, tests and templates, hidden folders with configuration, in which envctl looks for no stacks.
    pub(super) skipped_folders: Vec<Utf8PathBuf>,
}

impl RepositoryTree {
    /// Walks a repository. Git-ignored folders are skipped, git-ignored files are not: var files often are ignored.
    pub(super) fn read(root: &Utf8Path) -> Result<Self, ScaffoldError> {
        let mut tree = Self { root: root.to_owned(), ..Self::default() };
        let mut walker = WalkBuilder::new(root);
        walker.hidden(false).ignore(false).follow_links(false);
        walker.filter_entry(|entry| {
            let name = entry.file_name().to_string_lossy();
            let above = entry.path().parent().and_then(|path| path.file_name());
            let is_inside_examples =
                above.is_some_and(|name| EXAMPLE_FOLDERS.iter().any(|examples| name == *examples));
            entry.file_type().is_some_and(|kind| kind.is_dir())
                && (entry.depth() == 0
                    || !(CACHES.contains(&&*name) || entry.depth() > 1 && is_inside_examples))
        });
        for entry in walker.build() {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            match Utf8Path::from_path(entry.path()) {
                Some(path) => {
                    let below = path.strip_prefix(root).unwrap_or(path).to_owned();
                    if entry.depth() > 0 && EXAMPLE_FOLDERS.contains(&name.as_str()) {
                        tree.skipped_folders.push(below);
                    } else {
                        tree.folders.insert(below, file_names(path)?);
                    }
                }
                None if holds_stack(entry.path()) => {
                    return Err(ScaffoldError::NotUtf8(entry.path().to_string_lossy().into_owned()));
                }
                None => {}
            }
        }
        let unused: BTreeSet<Utf8PathBuf> =
            tree.unused_folders_with_configuration().filter_map(|folder| unused_part(folder)).collect();
        tree.skipped_folders.extend(unused);
        tree.skipped_folders.sort_unstable();
        Ok(tree)
    }

    /// Returns the folders that hold a stack's or a module's files; hidden folders and those of templates are left out.
    pub(super) fn folders_with_configuration(&self) -> impl Iterator<Item = (&Utf8PathBuf, &[String])> {
        self.marked_folders().filter(|(folder, _)| unused_part(folder).is_none())
    }

    /// Returns the hidden folders and the folders of templates that hold a stack's or a module's files.
    pub(super) fn unused_folders_with_configuration(&self) -> impl Iterator<Item = &Utf8PathBuf> {
        self.marked_folders().map(|(folder, _)| folder).filter(|folder| unused_part(folder).is_some())
    }

    /// Returns the folders that hold a file of this name; hidden folders and those of templates are left out.
    pub(super) fn folders_with_file(&self, name: &str) -> impl Iterator<Item = &Utf8PathBuf> {
        let holding = self.folders.iter().filter(move |(_, names)| names.iter().any(|other| other == name));
        holding.map(|(folder, _)| folder).filter(|folder| unused_part(folder).is_none())
    }

    fn marked_folders(&self) -> impl Iterator<Item = (&Utf8PathBuf, &[String])> {
        self.folders
            .iter()
            .filter(|(_, names)| names.iter().any(|name| marks_stack(name)))
            .map(|(folder, names)| (folder, names.as_slice()))
    }

    /// Returns the path of every file, relative to the root.
    pub(super) fn files(&self) -> impl Iterator<Item = Utf8PathBuf> {
        self.folders.iter().flat_map(|(folder, names)| names.iter().map(move |name| folder.join(name)))
    }
}

/// Returns the first part of a path that is hidden, or that holds templates or what is no longer used.
fn unused_part(folder: &Utf8Path) -> Option<Utf8PathBuf> {
    let is_unused = |name: &str| name.starts_with('.') && name.len() > 1 || UNUSED_FOLDERS.contains(&name);
    let depth = folder.components().position(|part| is_unused(part.as_str()))?;
    Some(folder.components().take(depth + 1).collect())
}

/// Returns the names of the files in a folder, sorted; engines load no file whose name is not UTF-8.
fn file_names(dir: &Utf8Path) -> Result<Vec<String>, ScaffoldError> {
    let failed = |error| ScaffoldError::Unreadable { path: dir.to_owned(), error };
    let mut names = Vec::new();
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.file_type().map_err(failed)?.is_dir() {
            names.extend(entry.file_name().into_string().ok());
        }
    }
    names.sort_unstable();
    Ok(names)
}

/// Returns true if a folder holds a file of configuration.
fn holds_stack(dir: &std::path::Path) -> bool {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| entry.file_name().to_str().is_some_and(marks_stack))
}

#[cfg(test)]
mod tests {
    use super::{super::sample::Sample, *};

    #[test]
    fn ignored_folders_are_not_entered_and_ignored_files_count() {
        let sample = Sample::new(&[
            (".git/HEAD", ""),
            (".gitignore", "*.tfvars\nbuild/\n"),
            ("infra/main.tf", ""),
            ("infra/staging.tfvars", ""),
            ("infra/.terraform/modules/x/main.tf", ""),
            ("build/main.tf", ""),
            ("modules/a/examples/basic/main.tf", ""),
            (".github/workflows/x.yml", ""),
            (".skel/main.tf", ""),
            ("aws/_template/app/main.tf", ""),
            ("deprecated/old/main.tf", ""),
        ]);
        let tree = RepositoryTree::read(sample.root()).unwrap();
        let found: Vec<&str> = tree.folders_with_configuration().map(|(folder, _)| folder.as_str()).collect();
        assert_eq!(found, ["infra"]);
        assert_eq!(tree.folders[Utf8Path::new("infra")], ["main.tf", "staging.tfvars"]);
        assert_eq!(tree.skipped_folders, [".skel", "aws/_template", "deprecated", "modules/a/examples"]);
        assert!(tree.files().any(|file| file == ".github/workflows/x.yml"));
    }
}
