//! Changes in submodules. Git runs in each of them as in a repository of its own.

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::{
    command::Git,
    listing::{parse_differences, parse_listing},
    queries::{diff, ls_files, skipped_files, untracked},
};

/// Changes in a submodule; paths are relative to its root.
#[derive(Debug, Default)]
pub(crate) struct SubmoduleChanges {
    /// Changed paths, each with true if it is deleted.
    pub(crate) changed: Vec<(String, bool)>,
    /// Symbolic links, changed or not.
    pub(crate) links: Vec<String>,
}

impl SubmoduleChanges {
    /// Returns the changes with paths relative to the repository that holds the submodule at `path`.
    pub(crate) fn with_prefix(self, path: &str) -> Self {
        let longer = |below: String| format!("{path}/{below}");
        Self {
            changed: self.changed.into_iter().map(|(below, gone)| (longer(below), gone)).collect(),
            links: self.links.into_iter().map(longer).collect(),
        }
    }

    fn extend(&mut self, other: Self) {
        self.changed.extend(other.changed);
        self.links.extend(other.links);
    }
}

/// Returns the changes since a commit in the submodule in a folder. Without a commit, the submodule is at the commit that the outer
/// repository records, and only untracked files and files that git does not compare are returned. `None` when the submodule
/// is not checked out or git fails.
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
    let mut asked = BTreeSet::new();
    let diff = commit.map(|commit| diff(&git, commit)).transpose().ok()?;
    for difference in parse_differences(diff.as_deref().unwrap_or_default()) {
        let path = difference.path;
        let inner = difference
            .submodule_commit
            .and_then(|commit| submodule_changes(&git, &dir.join(&path), Some(&commit)));
        match inner {
            Some(inner) => found.extend(inner.with_prefix(&path)),
            None => found.changed.push((path.clone(), difference.deleted)),
        }
        asked.insert(path);
    }
    let others = ls_files(&git).ok()?;
    let listing = parse_listing(&others);
    for path in listing.submodules.iter().filter(|path| !asked.contains(**path)) {
        if let Some(inner) = submodule_changes(&git, &dir.join(path), None) {
            found.extend(inner.with_prefix(path));
        }
    }
    found.changed.extend(skipped_files(&git, dir, &listing));
    let untracked = untracked(&git, &listing.others).ok()?;
    found.changed.extend(untracked.into_iter().map(|path| (path, false)));
    found.links.extend(listing.links.into_iter().map(str::to_owned));
    Some(found)
}
