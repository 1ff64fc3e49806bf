//! What git is asked of one repository.

use std::{cell::LazyCell, fs};

use camino::Utf8Path;

use super::raw::Listing;
use crate::inventory::git::Git;

/// What differs from a commit.
pub(super) fn differing(git: &Git<'_>, commit: &str) -> Result<String, String> {
    git.ask(&[
        "diff",
        "--raw",
        "-z",
        "--no-renames",
        "--no-abbrev",
        "--no-ext-diff",
        "--ignore-submodules=none",
        commit,
        "--",
    ])
}

/// What it lists beside them.
pub(super) fn listed(git: &Git<'_>) -> Result<String, String> {
    git.ask(&["ls-files", "-v", "-s", "-z", "--cached", "--others", "--exclude-standard"])
}

/// The files that git was told not to look at, and whether each is gone: nobody knows whether it differs. In a sparse
/// checkout those that are left out do not.
pub(super) fn unseen(git: &Git<'_>, top: &Utf8Path, listing: &Listing<'_>) -> Vec<(String, bool)> {
    let sparse = LazyCell::new(|| {
        let asked = git.ask(&["config", "--type=bool", "core.sparseCheckout"]);
        asked.is_ok_and(|answer| answer.trim() == "true")
    });
    let known = listing.unseen.iter().filter_map(|file| {
        let gone = fs::symlink_metadata(top.join(file.path)).is_err();
        let is_left_out = gone && file.may_be_absent && *sparse;
        (!is_left_out).then(|| (file.path.to_owned(), gone))
    });
    known.collect()
}
