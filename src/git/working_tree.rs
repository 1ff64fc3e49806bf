//! State of the git working tree for the guards: branch, remote heads, uncommitted files.

use std::{collections::BTreeMap, ffi::OsString};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    clean_paths::{CleanPaths, real_path},
    command::{Git, repository_root},
    index::Index,
    queries::is_in_tool_folder,
    remotes::{RemoteHead, Remotes},
};
use crate::process::Runner;

/// State of a working tree of git.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WorkingTree {
    /// Commit of HEAD; `None` in a repository without commits.
    pub commit: Option<String>,
    /// Branch that is checked out; `None` when HEAD is detached.
    pub branch: Option<String>,
    /// Remote branch that the checked-out branch follows, and the number of commits that it has and the checked-out branch lacks.
    pub upstream: Option<(String, u64)>,
    /// Remote branches that contain HEAD, each only on the remote that its branch follows, else `origin` or the only
    /// remote.
    pub remote_heads: Vec<RemoteHead>,
    /// Uncommitted files that count for the guard `clean_tree`, relative to the repository's root.
    pub uncommitted_paths: Vec<String>,
}

/// Error when git does not tell the state of a working tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("git tells nothing of `{dir}`: {reason}")]
pub struct NoWorkingTree {
    /// Folder in which envctl ran git.
    pub dir: Utf8PathBuf,
    /// Message of git, or of envctl when the folder is in no repository.
    pub reason: String,
}

impl WorkingTree {
    /// Reads the state of the working tree that holds `dir`, with up to four git processes. `clean_paths` are the files and folders
    /// whose uncommitted changes count.
    pub fn read(
        runner: &Runner,
        dir: &Utf8Path,
        env: &BTreeMap<OsString, OsString>,
        clean_paths: &CleanPaths,
    ) -> Result<Self, NoWorkingTree> {
        let nothing = |reason: String| NoWorkingTree { dir: dir.to_owned(), reason };
        let top =
            repository_root(dir).ok_or_else(|| nothing("there is no `.git` in it or above".to_owned()))?;
        let git = Git::new(runner, top, env);
        let run_git = |args: &[&str]| git.output_of(args).map_err(nothing);
        let mut tree = parse_status(&run_git(&[
            "status",
            "--porcelain=v2",
            "--branch",
            "--untracked-files=normal",
            "--ignore-submodules=none",
            "-z",
        ])?);
        if !clean_paths.paths.is_empty() {
            // `git status` is silent about tracked files that git is configured to skip.
            let files = run_git(&["ls-files", "-v", "-z", "--recurse-submodules"])?;
            Index::parse(&files).add_skipped(&mut tree.uncommitted_paths, top, clean_paths);
        }
        keep_counted(&mut tree.uncommitted_paths, top, clean_paths);
        if let Some(commit) = &tree.commit {
            let refs = run_git(&[
                "for-each-ref",
                "--contains=HEAD",
                "--format=%(objectname) %(refname)",
                "refs/remotes",
            ])?;
            if !refs.is_empty() || tree.upstream.is_some() {
                let remotes = Remotes::parse(&run_git(&["config", "--list", "-z"])?);
                tree.remote_heads = remotes.remote_heads(&refs, commit);
                let own = tree.branch.as_deref();
                tree.upstream.take_if(|_| own.is_some_and(|own| remotes.follows_local_branch(own)));
            }
        }
        Ok(tree)
    }

    /// Returns true if HEAD is on one of these branches, or contained in the remote head of one.
    pub fn is_on(&self, branches: &[String]) -> bool {
        self.branch.as_ref().is_some_and(|own| branches.contains(own))
            || self.remote_heads.iter().any(|head| branches.contains(&head.branch))
    }
}

/// Keeps only the uncommitted paths that lie below one of the paths in `clean_paths`, or above one, since git lists an untracked
/// folder as a whole.
fn keep_counted(uncommitted: &mut Vec<String>, top: &Utf8Path, clean_paths: &CleanPaths) {
    let top = real_path(top);
    let paths: Vec<Utf8PathBuf> = clean_paths.paths.iter().map(|path| real_path(path)).collect();
    uncommitted.retain(|path| {
        let is_tool_file = is_in_tool_folder(path);
        let path = top.join(path.trim_end_matches('/'));
        let has_counted_extension =
            path.extension().is_some_and(|extension| clean_paths.file_extension == Some(extension));
        let overlaps = |counted: &Utf8PathBuf| path.starts_with(counted) || counted.starts_with(&path);
        !is_tool_file && (has_counted_extension || paths.iter().any(overlaps))
    });
}

/// Parses the output of `git status -z`: <https://git-scm.com/docs/git-status#_porcelain_format_version_2>.
pub(super) fn parse_status(text: &str) -> WorkingTree {
    let mut tree = WorkingTree::default();
    let mut upstream = None;
    let mut entries = text.split('\0').filter(|entry| !entry.is_empty());
    while let Some(entry) = entries.next() {
        // Number of fields before the path.
        let (fields, is_rename) = match entry.split(' ').next() {
            Some("#") => {
                parse_header(entry, &mut tree, &mut upstream);
                continue;
            }
            Some("1") => (8, false),
            Some("2") => (9, true),
            Some("u") => (10, false),
            _ => (1, false),
        };
        tree.uncommitted_paths.extend(entry.splitn(fields + 1, ' ').nth(fields).map(str::to_owned));
        if is_rename {
            tree.uncommitted_paths.extend(entries.next().map(str::to_owned));
        }
    }
    // An upstream that is gone has no counts, so that no branch is behind it.
    tree.upstream = upstream.and_then(|(name, behind)| Some((name, behind?)));
    tree
}

fn parse_header(entry: &str, tree: &mut WorkingTree, upstream: &mut Option<(String, Option<u64>)>) {
    match entry.splitn(3, ' ').collect::<Vec<_>>().as_slice() {
        [_, "branch.oid", oid] if *oid != "(initial)" => tree.commit = Some((*oid).to_owned()),
        [_, "branch.head", head] if *head != "(detached)" => tree.branch = Some((*head).to_owned()),
        [_, "branch.upstream", name] => *upstream = Some(((*name).to_owned(), None)),
        [_, "branch.ab", counts] => {
            let behind = counts.split_once(" -").and_then(|(_, behind)| behind.trim().parse().ok());
            if let Some(upstream) = upstream {
                upstream.1 = behind;
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_has_an_upstream_and_may_be_behind_it() {
        let text =
            "# branch.oid 12ab\0# branch.head main\0# branch.upstream origin/main\0# branch.ab +1 -3\0";
        let tree = parse_status(text);
        assert_eq!(tree.commit.as_deref(), Some("12ab"));
        assert_eq!(tree.branch.as_deref(), Some("main"));
        assert_eq!(tree.upstream, Some(("origin/main".to_owned(), 3)));
        let detached = parse_status("# branch.oid (initial)\0# branch.head (detached)\0");
        assert_eq!(detached, WorkingTree::default());
    }

    #[test]
    fn every_kind_of_entry_tells_its_paths_with_spaces_and_line_feeds() {
        let text = "1 .M N... 100644 100644 100644 a b infra/my app/main.tf\0\
                    2 R. N... 100644 100644 100644 a b R100 new name.tf\0old\nname.tf\0\
                    u UU N... 100644 100644 100644 100644 a b c both.tf\0\
                    ? new folder/\0";
        assert_eq!(
            parse_status(text).uncommitted_paths,
            ["infra/my app/main.tf", "new name.tf", "old\nname.tf", "both.tf", "new folder/"]
        );
    }

    #[test]
    fn only_what_lies_in_a_place_or_holds_one_counts() {
        let mut dirty: Vec<String> =
            ["infra/app/main.tf", "infra/app/.terraform/x", "infra/", "other.tf", "infra/application/x"]
                .map(str::to_owned)
                .into();
        keep_counted(
            &mut dirty,
            "/nowhere".into(),
            &CleanPaths {
                paths: vec!["/nowhere/infra/app".into()],
                file_extension: None,
                loaded_by_name: vec![],
            },
        );
        assert_eq!(dirty, ["infra/app/main.tf", "infra/"]);
        let mut dirty = vec!["root.hcl".to_owned(), "notes.txt".to_owned()];
        keep_counted(
            &mut dirty,
            "/nowhere".into(),
            &CleanPaths { paths: vec![], file_extension: Some("hcl"), loaded_by_name: vec![] },
        );
        assert_eq!(dirty, ["root.hcl"]);
    }

    #[test]
    fn a_detached_head_is_on_a_branch_whose_remote_head_holds_it() {
        let head = |branch: &str| RemoteHead { branch: branch.to_owned(), is_at_head: true };
        let tree =
            WorkingTree { remote_heads: vec![head("main"), head("release/1")], ..WorkingTree::default() };
        assert!(tree.is_on(&["main".to_owned()]) && tree.is_on(&["release/1".to_owned()]));
        assert!(!tree.is_on(&["HEAD".to_owned()]) && !tree.is_on(&[]));
    }
}
