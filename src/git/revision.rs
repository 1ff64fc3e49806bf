//! Revision of the working tree: commit, branch and cleanliness from one git process.

use std::{collections::BTreeMap, ffi::OsString};

use camino::Utf8Path;

use super::command::Git;
use crate::{event::Revision, process::Runner};

/// Returns the revision of the working tree that holds a folder. Without git, or outside a repository, all fields are
/// absent.
pub fn revision(runner: &Runner, dir: &Utf8Path, env: &BTreeMap<OsString, OsString>) -> Revision {
    let status = ["status", "--porcelain=v2", "--branch", "--untracked-files=normal"];
    // `.envctl` has its own ignore file, except while the folder is being made.
    let places = ["--", ":/", ":(exclude).envctl"];
    let is_listed = Git::new(runner, dir, env).ask(&[&status[..], &places].concat());
    is_listed.map(|text| parse(&text)).unwrap_or_default()
}

/// Parses the output of `git status`: <https://git-scm.com/docs/git-status#_porcelain_format_version_2>.
fn parse(text: &str) -> Revision {
    let header = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    Revision {
        commit: header("# branch.oid ").filter(|oid| *oid != "(initial)").map(str::to_owned),
        branch: header("# branch.head ").filter(|head| *head != "(detached)").map(str::to_owned),
        dirty: Some(text.lines().any(|line| !line.starts_with('#') && !line.is_empty())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clean_branch_has_a_commit_and_a_name() {
        let found = parse("# branch.oid 1234abcd\n# branch.head main\n# branch.ab +0 -0\n");
        assert_eq!(found.commit.as_deref(), Some("1234abcd"));
        assert_eq!(found.branch.as_deref(), Some("main"));
        assert_eq!(found.dirty, Some(false));
    }

    #[test]
    fn an_untracked_file_makes_it_dirty_and_a_detached_head_has_no_branch() {
        let found = parse("# branch.oid (initial)\n# branch.head (detached)\n? new.tf\n");
        assert_eq!((found.commit, found.branch, found.dirty), (None, None, Some(true)));
    }
}
