//! Changed paths of a repository, read from git. Two git processes run in parallel: one lists the files, the
//! other the differences to the base, which one or two processes find before. A last process lists untracked files.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    thread,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    base::{self, Base},
    error::NoChanges,
    path_set::PathSet,
    sources::config_variables,
    symlink_resolver::SymlinkResolver,
    tree::GitTree,
};
use crate::{
    git::{
        command::{Git, repository_root},
        listing::{Listing, parse_differences, parse_listing},
        queries::{diff, is_in_tool_folder, ls_files, skipped_files, untracked_files},
        submodules::submodule_changes,
    },
    graph::Since,
    process::Runner,
};

/// Changes in a repository since the merge base of HEAD and another branch, committed or not.
#[derive(Debug)]
pub struct RepositoryChanges {
    /// Commit that the working tree is compared with.
    pub base: Base,
    /// Changed paths: committed since the base, uncommitted, untracked and deleted ones.
    pub(super) paths: PathSet,
    /// Symbolic links, changed or not.
    pub(super) links: PathSet,
    /// Folders of the working tree as git lists them.
    pub(super) tree: GitTree,
    /// Deleted files, as absolute paths.
    pub(super) deleted_files: Vec<Utf8PathBuf>,
    /// Content of environments.toml at the base.
    pub(super) base_file: BaseFile,
    /// Variables of envctl's own environment that locate configuration files of engines and providers.
    pub(super) config_variables: BTreeMap<OsString, OsString>,
}

/// Content of environments.toml at the base, compared with the current file.
#[derive(Debug)]
pub(super) enum BaseFile {
    /// The file is unchanged.
    Unchanged,
    /// The file does not exist at the base.
    Missing,
    /// The file has changed; holds its content at the base.
    Changed(String),
    /// The file is behind a changed link or in a changed submodule, so that its content at the base is unknown.
    Unknown,
}

/// Runs `git_query` in a second thread while this thread runs `other`, and returns both results.
fn run_in_parallel<T: Send, U>(
    git_query: impl FnOnce() -> Result<T, String> + Send,
    other: impl FnOnce() -> U,
) -> (Result<T, String>, U) {
    thread::scope(|scope| {
        let query = scope.spawn(git_query);
        let done = other();
        (query.join().unwrap_or_else(|_| Err("the thread that asks it ended".to_owned())), done)
    })
}

impl RepositoryChanges {
    /// Reads the changes in the repository that holds environments.toml (`file`). Fails when there is no repository, no
    /// commit to compare with, or when git fails.
    pub fn read(
        runner: &Runner,
        file: &Utf8Path,
        env: &BTreeMap<OsString, OsString>,
        since: &Since,
    ) -> Result<Self, NoChanges> {
        let dir = file.parent().unwrap_or(file);
        let top = repository_root(dir).ok_or_else(|| NoChanges::NoRepository(dir.to_owned()))?;
        let failed = |reason| NoChanges::Git { dir: top.to_owned(), reason };
        let git = Git::new(runner, top, env);
        let real = top.canonicalize_utf8().map_err(|error| failed(error.to_string()))?;
        let (ls_files, own) = run_in_parallel(
            || ls_files(&git),
            || {
                let base = base::determine_base(&git, top, env, since)?;
                let diff = diff(&git, &base.commit).map_err(failed)?;
                Ok::<_, NoChanges>((base, diff))
            },
        );
        let ((base, diff), ls_files) = (own?, ls_files.map_err(failed)?);
        let listing = parse_listing(&ls_files);
        let paths = PathSet::new(real.clone());
        // If the file system ignores case, a folder has several spellings, and the tree knows only one.
        let tree = || if paths.ignores_case() { GitTree::default() } else { GitTree::new(&real, &listing) };
        let (new, tree) = run_in_parallel(|| untracked_files(&git, &listing.untracked), tree);
        let new = new.map_err(failed)?;
        let mut found = Self {
            base,
            links: PathSet::new(real),
            paths,
            tree,
            deleted_files: Vec::new(),
            base_file: BaseFile::Unchanged,
            config_variables: config_variables(env),
        };
        let skipped = skipped_files(&git, found.paths.top(), &listing);
        found.add_changes(&git, &diff, (listing, new), skipped);
        found.read_base_config(&git, file);
        Ok(found)
    }

    /// Adds the paths that git reports as different from the base, untracked, or skipped, and all symbolic links.
    fn add_changes(
        &mut self,
        git: &Git<'_>,
        diff: &str,
        (listing, new): (Listing<'_>, Vec<String>),
        skipped: Vec<(String, bool)>,
    ) {
        let mut seen_submodules = BTreeSet::new();
        for difference in parse_differences(diff) {
            let path = difference.path;
            if let Some(commit) = &difference.submodule_commit {
                seen_submodules.insert(path.clone());
                if self.add_submodule(git, &path, Some(commit)) {
                    continue;
                }
            }
            if difference.deleted {
                self.deleted_files.push(self.paths.top().join(&path));
            }
            self.insert(path);
        }
        for path in listing.submodules.iter().filter(|path| !seen_submodules.contains(**path)) {
            self.add_submodule(git, path, None);
        }
        for path in new {
            self.insert(path);
        }
        for (path, gone) in skipped {
            if gone {
                self.deleted_files.push(self.paths.top().join(&path));
            }
            self.insert(path);
        }
        for path in listing.symlinks {
            self.links.insert(path.to_owned());
        }
    }

    /// Adds the changes in a submodule. Returns false when the changes are unknown, for example because the submodule is not
    /// checked out.
    fn add_submodule(&mut self, git: &Git<'_>, path: &str, commit: Option<&str>) -> bool {
        let Some(found) = submodule_changes(git, &self.paths.top().join(path), commit) else { return false };
        let found = found.with_prefix(path);
        for (path, gone) in found.changed_paths {
            if gone {
                self.deleted_files.push(self.paths.top().join(&path));
            }
            self.insert(path);
        }
        for link in found.symlinks {
            self.links.insert(link);
        }
        true
    }

    /// Returns true if environments.toml does not exist at the base.
    pub fn lacks_config_at_base(&self) -> bool {
        matches!(self.base_file, BaseFile::Missing)
    }

    /// Reads environments.toml at the base if the file, or a link on its path, has changed.
    fn read_base_config(&mut self, git: &Git<'_>, file: &Utf8Path) {
        let resolved = SymlinkResolver::new(&self.paths, &self.tree).resolve(file);
        let Some(changed_by) = resolved.changed_by else { return };
        let is_itself = self.paths.get(&resolved.real) == Some(changed_by);
        self.base_file = if is_itself {
            let before = git.output_of(&["cat-file", "blob", &format!("{}:{changed_by}", self.base.commit)]);
            before.map_or(BaseFile::Missing, BaseFile::Changed)
        } else {
            BaseFile::Unknown
        };
    }

    /// Adds a changed path unless it lies in a folder that engines or envctl write into.
    fn insert(&mut self, path: String) {
        if !is_in_tool_folder(&path) {
            self.paths.insert(path);
        }
    }
}
