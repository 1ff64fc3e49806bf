//! Changes in submodules. envctl runs git in each submodule as in a repository of its own.

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::{
    command::Git,
    listing::{parse_differences, parse_listing},
    queries::{diff, ls_files, skipped_files, untracked_files},
};

/// Changes in a submodule; paths are relative to the submodule's root.
#[derive(Debug, Default)]
pub(crate) struct SubmoduleChanges {
    /// Changed paths, each with true if the path is deleted.
    pub(crate) changed_paths: Vec<(String, bool)>,
    /// Symbolic links, changed or not.
    pub(crate) symlinks: Vec<String>,
}

impl SubmoduleChanges {
    /// Returns the changes with paths relative to the repository that holds the submodule at `path`.
    pub(crate) fn with_prefix(self, path: &str) -> Self {
        let longer = |below: String| format!("{path}/{below}");
        Self {
            changed_paths: self
                .changed_paths
                .into_iter()
                .map(|(below, is_deleted)| (longer(below), is_deleted))
                .collect(),
            symlinks: self.symlinks.into_iter().map(longer).collect(),
        }
    }

    fn extend(&mut self, other: Self) {
        self.changed_paths.extend(other.changed_paths);
        self.symlinks.extend(other.symlinks);
    }
}

/// Returns the changes since `commit` in the submodule in a folder, or `None` when the submodule is not checked out or git fails.
///
/// `commit` is `None` for a submodule at the commit that the outer repository records: then only untracked files and files
/// that git does not compare are returned.
pub(crate) fn submodule_changes(
    outer: &Git<'_>,
    dir: &Utf8Path,
    commit: Option<&str>,
) -> Option<SubmoduleChanges> {
    if !dir.join(".git").exists() {
        return None;
    }
    let git = outer.in_folder(dir);
    let mut found = SubmoduleChanges::default();
    let mut visited = BTreeSet::new();
    let diff = commit.map(|commit| diff(&git, commit)).transpose().ok()?;
    for difference in parse_differences(diff.as_deref().unwrap_or_default()) {
        let path = difference.path;
        let inner = difference
            .submodule_commit
            .and_then(|commit| submodule_changes(&git, &dir.join(&path), Some(&commit)));
        match inner {
            Some(inner) => found.extend(inner.with_prefix(&path)),
            None => found.changed_paths.push((path.clone(), difference.deleted)),
        }
        visited.insert(path);
    }
    let files = ls_files(&git).ok()?;
    let listing = parse_listing(&files);
    for path in listing.submodules.iter().filter(|path| !visited.contains(**path)) {
        if let Some(inner) = submodule_changes(&git, &dir.join(path), None) {
            found.extend(inner.with_prefix(path));
        }
    }
    found.changed_paths.extend(skipped_files(&git, dir, &listing));
    let untracked = untracked_files(&git, &listing.untracked).ok()?;
    found.changed_paths.extend(untracked.into_iter().map(|path| (path, false)));
    found.symlinks.extend(listing.symlinks.into_iter().map(str::to_owned));
    Some(found)
}
