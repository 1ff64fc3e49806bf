//! Choice of the remote with which a branch is compared: the branch's own remote, else `origin`, else the only remote.

use std::collections::{BTreeMap, BTreeSet};

/// Git's name for the repository itself as the remote of a branch.
const THIS_REPOSITORY: &str = ".";

/// Remote branch that contains HEAD, as of the last fetch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RemoteHead {
    /// Name of the branch without the remote: `main`.
    pub branch: String,
    /// True if the branch's last commit is HEAD; false if the branch has further commits.
    pub is_at_head: bool,
}

/// Remotes in the settings of a repository.
#[derive(Debug, Default)]
pub(super) struct Remotes {
    /// Names of the remotes that have a URL.
    names: BTreeSet<String>,
    /// Remote of a branch, from `branch.NAME.remote`.
    remote_by_branch: BTreeMap<String, String>,
}

impl Remotes {
    /// Parses the output of `git config --list -z`.
    pub(crate) fn parse(settings: &str) -> Self {
        let mut remotes = Self::default();
        for (key, value) in settings.split('\0').filter_map(|setting| setting.split_once('\n')) {
            let named = |section, item| key.strip_prefix(section).and_then(|name| name.strip_suffix(item));
            if let Some(name) = named("remote.", ".url") {
                remotes.names.insert(name.to_owned());
            } else if let Some(branch) = named("branch.", ".remote") {
                remotes.remote_by_branch.insert(branch.to_owned(), value.to_owned());
            }
        }
        remotes
    }

    /// Returns the name of the remote with which a branch is compared; `None` without a remote.
    fn remote_of(&self, branch: &str) -> Option<&str> {
        const DEFAULT_REMOTE: &str = "origin";
        if let Some(remote) = self.remote_by_branch.get(branch).filter(|remote| *remote != THIS_REPOSITORY) {
            return Some(remote);
        }
        match self.names.first() {
            Some(only) if self.names.len() == 1 => Some(only),
            Some(_) if !self.names.contains(DEFAULT_REMOTE) => None,
            _ => Some(DEFAULT_REMOTE),
        }
    }

    /// Returns true if a branch follows another branch of the local repository, where commits that other users pushed do not
    /// appear.
    pub(super) fn follows_local_branch(&self, branch: &str) -> bool {
        self.remote_by_branch.get(branch).is_some_and(|remote| remote == THIS_REPOSITORY)
    }

    /// Returns the remote branches that contain HEAD. `refs` is the output of `git for-each-ref`, a commit and a reference a line;
    /// `commit` is HEAD.
    pub(super) fn remote_heads(&self, refs: &str, commit: &str) -> Vec<RemoteHead> {
        let mut heads = Vec::new();
        for (oid, name) in refs.lines().filter_map(|line| line.split_once(" refs/remotes/")) {
            // The names of remotes and of branches may both hold slashes.
            let branches = name.match_indices('/').map(|(at, _)| (&name[..at], &name[at + 1..]));
            let counts =
                |(remote, branch): &(&str, &str)| *branch != "HEAD" && self.remote_of(branch) == Some(remote);
            heads.extend(
                branches
                    .filter(counts)
                    .map(|(_, branch)| RemoteHead { branch: branch.to_owned(), is_at_head: oid == commit }),
            );
        }
        heads
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remotes(settings: &[&str]) -> Remotes {
        let settings: String = settings.iter().map(|s| s.replacen('=', "\n", 1) + "\0").collect();
        Remotes::parse(&settings)
    }

    fn remote_heads(settings: &[&str], refs: &[&str]) -> Vec<String> {
        let refs: String = refs.iter().map(|name| format!("12ab refs/remotes/{name}\n")).collect();
        let heads = remotes(settings).remote_heads(&refs, "12ab");
        assert!(heads.iter().all(|head| head.is_at_head));
        heads.into_iter().map(|head| head.branch).collect()
    }

    #[test]
    fn the_branchs_own_remote_counts_then_origin_then_the_only_one() {
        let all = ["fork/main", "origin/main", "team/fork/release/1", "origin/HEAD"];
        let (origin, fork, team) = ("remote.origin.url=a", "remote.fork.url=b", "remote.team/fork.url=c");
        for (settings, wanted) in [
            (&[] as &[&str], &["main"] as &[&str]),
            (&[origin, fork], &["main"]),
            (&[fork, team], &[]),
            (&[team], &["release/1"]),
            (&[origin, fork, team, "branch.release/1.remote=team/fork"], &["main", "release/1"]),
            (&[origin, "branch.main.remote=https://example.com/x.git"], &[]),
            (&[origin, "branch.main.remote=."], &["main"]),
        ] {
            assert_eq!(remote_heads(settings, &all), wanted, "{settings:?}");
        }
        assert_eq!(remote_heads(&[origin, fork], &["fork/main"]), [""; 0]);
        assert_eq!(remote_heads(&[origin, fork, "branch.main.remote=fork"], &["fork/main"]), ["main"]);
    }

    #[test]
    fn the_last_setting_says_whom_a_branch_follows() {
        let (own, origin) = ("branch.main.remote=.", "branch.main.remote=origin");
        assert!(remotes(&[origin, own]).follows_local_branch("main"));
        assert!(!remotes(&[own, origin]).follows_local_branch("main"));
        assert!(!remotes(&[own]).follows_local_branch("other"));
    }
}
