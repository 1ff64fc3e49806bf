//! What git is asked of one repository.

use std::{cell::LazyCell, fs};

use camino::Utf8Path;

use super::raw::Listing;
use crate::inventory::git::Git;

/// Folders that are nobody's change.
const LEFT_OUT: [&str; 3] = [".envctl", ".terraform", ".terragrunt-cache"];

/// More paths than this are not named one by one.
const MANY: usize = 200;

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
    git.ask(&["ls-files", "-v", "-s", "-z", "--cached", "--others", "--directory"])
}

/// The files that it does not track and was not told to ignore, at any depth. It is asked of what was listed as others, where
/// that is not too much for a command.
pub(super) fn untracked(git: &Git<'_>, others: &[&str]) -> Result<Vec<String>, String> {
    let named = || others.iter().filter(|path| !is_left_out(path)).map(|path| path.trim_end_matches('/'));
    // Of a name that is no UTF-8 there is not enough left to ask for it.
    let few = named().nth(MANY).is_none() && !named().any(|path| path.contains(char::REPLACEMENT_CHARACTER));
    if few && named().next().is_none() {
        return Ok(Vec::new());
    }
    let mut args = vec!["--literal-pathspecs", "ls-files", "-z", "--others", "--exclude-standard", "--"];
    if few {
        args.extend(named());
    }
    let listed = git.ask(&args)?;
    // A folder is a repository of its own, of which nothing more is known.
    let paths = listed.split_terminator('\0').map(|path| path.trim_end_matches('/').to_owned());
    Ok(paths.collect())
}

/// Whether a path lies in a folder that engines and envctl write into, beside the files that are committed.
pub(super) fn is_left_out(path: &str) -> bool {
    path.split('/').any(|part| LEFT_OUT.contains(&part))
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
