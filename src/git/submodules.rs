//! Changes in submodules. Git runs in each of them as in a repository of its own.

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::{
    command::Git,
    listing::{differences, listing},
    queries::{diff, ls_files, skipped, untracked},
};

/// Changes in a submodule; paths are relative to its root.
#[derive(Debug, Default)]
pub(crate) struct Within {
    /// Changed paths, each with true if it is deleted.
    pub(crate) changed: Vec<(String, bool)>,
    /// Symbolic links, changed or not.
    pub(crate) links: Vec<String>,
}

impl Within {
    /// Returns the changes with paths relative to the repository that holds the submodule at `path`.
    pub(crate) fn from(self, path: &str) -> Self {
        let longer = |below: String| format!("{path}/{below}");
        Self {
            changed: self.changed.into_iter().map(|(below, gone)| (longer(below), gone)).collect(),
            links: self.links.into_iter().map(longer).collect(),
        }
    }

    fn take_in(&mut self, other: Self) {
        self.changed.extend(other.changed);
        self.links.extend(other.links);
    }
}

/// Returns the changes in the submodule in a folder since a commit. Without a commit, the submodule is at the commit that the outer
/// repository records, and only untracked files and files that git does not compare are returned. Absent when the submodule
/// is not checked out or git fails.
pub(crate) fn within(outer: &Git<'_>, dir: &Utf8Path, commit: Option<&str>) -> Option<Within> {
    if !dir.join(".git").exists() {
        return None;
    }
    let git = outer.in_folder(dir);
    let mut found = Within::default();
    let mut asked = BTreeSet::new();
    let diff = commit.map(|commit| diff(&git, commit)).transpose().ok()?;
    for difference in differences(diff.as_deref().unwrap_or_default()) {
        let path = difference.path;
        let inner = difference.submodule.and_then(|commit| within(&git, &dir.join(&path), Some(&commit)));
        match inner {
            Some(inner) => found.take_in(inner.from(&path)),
            None => found.changed.push((path.clone(), difference.deleted)),
        }
        asked.insert(path);
    }
    let others = ls_files(&git).ok()?;
    let listing = listing(&others);
    for path in listing.submodules.iter().filter(|path| !asked.contains(**path)) {
        if let Some(inner) = within(&git, &dir.join(path), None) {
            found.take_in(inner.from(path));
        }
    }
    found.changed.extend(skipped(&git, dir, &listing));
    let untracked = untracked(&git, &listing.others).ok()?;
    found.changed.extend(untracked.into_iter().map(|path| (path, false)));
    found.links.extend(listing.links.into_iter().map(str::to_owned));
    Some(found)
}
