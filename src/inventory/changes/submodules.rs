//! What has changed in submodules, asked of each as of a repository of its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
};

use camino::Utf8Path;

use super::{
    asking::{differing, listed, unseen, untracked},
    raw::{differences, listing},
};
use crate::{inventory::git::Git, process::Runner};

/// What is known of a submodule; paths start at its root.
#[derive(Debug, Default)]
pub(super) struct Within {
    /// What has changed, and whether it is gone.
    pub(super) changed: Vec<(String, bool)>,
    /// Links.
    pub(super) links: Vec<String>,
}

impl Within {
    /// The same with paths that start further up.
    pub(super) fn from(self, path: &str) -> Self {
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

/// What has changed in a submodule since a commit of its own; without one it is as it was, but for what git does not look at.
/// Nothing where nobody knows.
pub(super) fn within(
    (dir, commit): (&Utf8Path, Option<&str>),
    (runner, env): (&Runner, &BTreeMap<OsString, OsString>),
) -> Option<Within> {
    if !dir.join(".git").exists() {
        return None;
    }
    let git = Git::new(runner, dir, env);
    let mut found = Within::default();
    let mut asked = BTreeSet::new();
    let differing = commit.map(|commit| differing(&git, commit)).transpose().ok()?;
    for difference in differences(differing.as_deref().unwrap_or_default()) {
        let path = difference.path;
        let inner =
            difference.submodule.and_then(|commit| within((&dir.join(&path), Some(&commit)), (runner, env)));
        match inner {
            Some(inner) => found.take_in(inner.from(&path)),
            None => found.changed.push((path.clone(), difference.deleted)),
        }
        asked.insert(path);
    }
    let others = listed(&git).ok()?;
    let listing = listing(&others);
    for path in listing.submodules.iter().filter(|path| !asked.contains(**path)) {
        if let Some(inner) = within((&dir.join(path), None), (runner, env)) {
            found.take_in(inner.from(path));
        }
    }
    found.changed.extend(unseen(&git, dir, &listing));
    let untracked = untracked(&git, &listing.others).ok()?;
    found.changed.extend(untracked.into_iter().map(|path| (path, false)));
    found.links.extend(listing.links.into_iter().map(str::to_owned));
    Some(found)
}
