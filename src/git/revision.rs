//! Revision of the working tree: commit, branch and cleanliness from one git process.

use std::{collections::BTreeMap, ffi::OsString};

use camino::Utf8Path;

use super::{command::Git, working_tree};
use crate::{event::Revision, process::Runner};

/// Returns the revision of the working tree that holds a folder. Without git, or outside a repository, all fields are
/// `None`.
pub fn revision(runner: &Runner, dir: &Utf8Path, env: &BTreeMap<OsString, OsString>) -> Revision {
    let status = ["status", "--porcelain=v2", "--branch", "--untracked-files=normal", "-z"];
    // `.envctl` has its own ignore file, except while the folder is being made.
    let pathspecs = ["--", ":/", ":(exclude).envctl"];
    let status = Git::new(runner, dir, env).output_of(&[&status[..], &pathspecs].concat());
    status.map(|text| parse_revision(&text)).unwrap_or_default()
}

fn parse_revision(status: &str) -> Revision {
    let tree = working_tree::parse_status(status);
    Revision { commit: tree.commit, branch: tree.branch, dirty: Some(!tree.uncommitted_paths.is_empty()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_branch_has_a_commit_and_a_name() {
        let found = parse_revision("# branch.oid 1234abcd\0# branch.head main\0# branch.ab +0 -0\0");
        assert_eq!(found.commit.as_deref(), Some("1234abcd"));
        assert_eq!(found.branch.as_deref(), Some("main"));
        assert_eq!(found.dirty, Some(false));
    }

    #[test]
    fn an_untracked_file_makes_it_dirty_and_a_detached_head_has_no_branch() {
        let found = parse_revision("# branch.oid (initial)\0# branch.head (detached)\0? new.tf\0");
        assert_eq!((found.commit, found.branch, found.dirty), (None, None, Some(true)));
    }
}
