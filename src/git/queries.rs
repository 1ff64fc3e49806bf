//! Git commands that return the differences and the files of one repository. Errors are the messages of git.

use std::{cell::LazyCell, fs};

use camino::Utf8Path;

use super::{command::Git, listing::Listing};

/// Names of folders that engines and envctl write into; files in such folders do not count as changes.
const TOOL_FOLDERS: [&str; 4] = [".envctl", ".terraform", ".terragrunt-cache", ".terragrunt-stack"];

/// Maximum number of paths that are passed to git as arguments.
const MAX_PATH_ARGUMENTS: usize = 200;

/// Returns the differences between a commit and the working tree, in the format that `listing::parse_differences` parses.
pub(crate) fn diff(git: &Git<'_>, commit: &str) -> Result<String, String> {
    git.output_of(&[
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

/// Returns the tracked and untracked files, in the format that `listing::parse_listing` parses.
pub(crate) fn ls_files(git: &Git<'_>) -> Result<String, String> {
    git.output_of(&["ls-files", "-v", "-s", "-z", "--cached", "--others", "--directory"])
}

/// Returns the untracked files that are not ignored, at any depth. `candidates` are the untracked paths of the
/// listing: git searches only in them, if they are few enough for a command line.
pub(crate) fn untracked_files(git: &Git<'_>, candidates: &[&str]) -> Result<Vec<String>, String> {
    let named =
        || candidates.iter().filter(|path| !is_in_tool_folder(path)).map(|path| path.trim_end_matches('/'));
    // A name that is not UTF-8 was decoded with replacement characters: git would not find it.
    let few = named().nth(MAX_PATH_ARGUMENTS).is_none()
        && !named().any(|path| path.contains(char::REPLACEMENT_CHARACTER));
    if few && named().next().is_none() {
        return Ok(Vec::new());
    }
    let mut args = vec!["--literal-pathspecs", "ls-files", "-z", "--others", "--exclude-standard", "--"];
    if few {
        args.extend(named());
    }
    let ls_files = git.output_of(&args)?;
    // A folder in the output is another repository, whose files git does not list here.
    let paths = ls_files.split_terminator('\0').map(|path| path.trim_end_matches('/').to_owned());
    Ok(paths.collect())
}

/// Returns true if a path lies in a folder that engines and envctl write into, next to committed files.
pub(crate) fn is_in_tool_folder(path: &str) -> bool {
    path.split('/').any(|part| TOOL_FOLDERS.contains(&part))
}

/// Returns the files that the user told git not to compare (`assume-unchanged`, `skip-worktree`), each with true if the
/// file is missing. Such files may differ from the commit. Files that a sparse checkout leaves out are not returned.
pub(crate) fn skipped_files(git: &Git<'_>, top: &Utf8Path, listing: &Listing<'_>) -> Vec<(String, bool)> {
    let is_sparse = LazyCell::new(|| {
        let setting = git.output_of(&["config", "--type=bool", "core.sparseCheckout"]);
        setting.is_ok_and(|value| value.trim() == "true")
    });
    let compared = listing.skipped.iter().filter_map(|file| {
        let is_missing = fs::symlink_metadata(top.join(file.path)).is_err();
        let is_outside_sparse_checkout = is_missing && file.may_be_missing && *is_sparse;
        (!is_outside_sparse_checkout).then(|| (file.path.to_owned(), is_missing))
    });
    compared.collect()
}
