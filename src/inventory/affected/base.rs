//! Commit that the working tree is compared with: the merge base of HEAD and another branch.

use std::{collections::BTreeMap, ffi::OsString};

use camino::Utf8Path;

use super::error::{NoChanges, fetch_command};
use crate::{
    git::command::{Git, repository_root},
    graph::Since,
    model::{base_label, short_commit},
    process::Runner,
};

/// Variables in which CI jobs name the branch of `origin` that a change will be merged into.
const TARGET_BRANCH_VARIABLES: [&str; 2] = ["GITHUB_BASE_REF", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME"];

/// Usual names of default branches, for remotes that do not name their own.
const USUAL_BRANCHES: [&str; 2] = ["main", "master"];

/// Commit that the working tree is compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base {
    /// Name of the branch or commit that was compared: `origin/main`.
    pub name: String,
    /// Merge base of HEAD and that branch or commit, in full length.
    pub commit: String,
    /// True if the merge base is HEAD itself, so that HEAD has no commits of its own.
    pub is_head: bool,
    /// True if the user named the branch or commit on the command line.
    pub named: bool,
}

impl Base {
    /// Returns the base in words: `origin/main (1234567)`.
    pub fn label(&self) -> String {
        base_label(&self.name, &self.commit)
    }

    /// Returns the abbreviated commit.
    pub fn short_commit(&self) -> &str {
        short_commit(&self.commit)
    }
}

/// Determines the base in a repository. Fails when the commit does not exist or has no merge base with HEAD, when no default
/// branch is found, and when git fails.
pub(super) fn determine_base(
    git: &Git<'_>,
    top: &Utf8Path,
    env: &BTreeMap<OsString, OsString>,
    since: &Since,
) -> Result<Base, NoChanges> {
    let failed = |reason| NoChanges::Git { dir: top.to_owned(), reason };
    let (name, named) = match since {
        Since::Commit(name) => (name.clone(), true),
        Since::Default => {
            (default_branch(git, env).map_err(failed)?.ok_or(NoChanges::NoDefaultBranch)?, false)
        }
    };
    let Ok(commits) = git.output_of(&["rev-parse", "--revs-only", &format!("{name}...HEAD"), "--"]) else {
        return Err(unknown_commit(git, &name));
    };
    let mut lines = commits.lines();
    // `git rev-parse A...HEAD` prints the commit of HEAD, that of `A`, and the merge base after a `^`.
    let (Some(head), Some(_), Some(merge_base)) =
        (lines.next(), lines.next(), lines.next().and_then(|line| line.strip_prefix('^')))
    else {
        return Err(no_merge_base(git, name));
    };
    Ok(Base { name, commit: merge_base.to_owned(), is_head: merge_base == head, named })
}

/// Returns the names of the branches and tags of the repository that holds a folder; empty when git fails or there is no
/// repository.
pub fn reference_names(runner: &Runner, dir: &Utf8Path, env: &BTreeMap<OsString, OsString>) -> Vec<String> {
    let Some(top) = repository_root(dir) else { return Vec::new() };
    let args = ["for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/remotes", "refs/tags"];
    let names = Git::new(runner, top, env).output_of(&args).unwrap_or_default();
    names.lines().map(str::to_owned).collect()
}

/// Returns the branch that HEAD is to be merged into, by the variables of CI jobs, the remotes and the usual names.
fn default_branch(git: &Git<'_>, env: &BTreeMap<OsString, OsString>) -> Result<Option<String>, String> {
    let target = TARGET_BRANCH_VARIABLES.iter().find_map(|name| {
        env.get(std::ffi::OsStr::new(name)).and_then(|value| value.to_str()).filter(|value| !value.is_empty())
    });
    if let Some(branch) = target {
        return Ok(Some(format!("origin/{branch}")));
    }
    let mut patterns = vec!["refs/remotes/*/HEAD".to_owned()];
    patterns.extend(
        USUAL_BRANCHES.iter().flat_map(|b| [format!("refs/remotes/*/{b}"), format!("refs/heads/{b}")]),
    );
    let mut args = vec!["for-each-ref", "--format=%(refname) %(symref)"];
    args.extend(patterns.iter().map(String::as_str));
    Ok(default_branch_among(&git.output_of(&args)?))
}

/// Returns the default branch from lines with a reference and its symbolic target: that of `origin`, else of another remote,
/// else a local branch with a usual name.
fn default_branch_among(refs: &str) -> Option<String> {
    let short = |name: &str| {
        let remote = name.strip_prefix("refs/remotes/");
        remote.or_else(|| name.strip_prefix("refs/heads/")).map(str::to_owned)
    };
    let refs: Vec<(&str, &str)> = refs.lines().filter_map(|line| line.split_once(' ')).collect();
    let head = |remote: &dyn Fn(&str) -> bool| {
        let of = |name: &&str| {
            name.strip_prefix("refs/remotes/").and_then(|n| n.strip_suffix("/HEAD")).is_some_and(remote)
        };
        refs.iter().find(|(name, leads)| of(name) && !leads.is_empty()).and_then(|(_, leads)| short(leads))
    };
    let usual = |from: &dyn Fn(&str) -> bool| {
        USUAL_BRANCHES.iter().find_map(|branch| {
            let is_it =
                |name: &str| from(name) && name.strip_suffix(branch).is_some_and(|n| n.ends_with('/'));
            refs.iter().find(|(name, _)| is_it(name)).and_then(|(name, _)| short(name))
        })
    };
    head(&|remote| remote == "origin")
        .or_else(|| usual(&|name| name.starts_with("refs/remotes/origin/")))
        .or_else(|| head(&|_| true))
        .or_else(|| usual(&|name| name.starts_with("refs/remotes/")))
        .or_else(|| usual(&|name| name.starts_with("refs/heads/")))
}

/// Returns the error for a name that is no commit, with a hint.
fn unknown_commit(git: &Git<'_>, name: &str) -> NoChanges {
    if git.output_of(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]).is_err() {
        return NoChanges::NoCommit;
    }
    let is_commit = |name: &str| {
        git.output_of(&["rev-parse", "--verify", "--quiet", &format!("{name}^{{commit}}")]).is_ok()
    };
    let of_origin = format!("origin/{name}");
    let hint = if is_commit(&of_origin) {
        Some(format!("did you mean `{of_origin}`?"))
    } else if name.starts_with("HEAD") && is_shallow(git) {
        Some("this clone is shallow: `git fetch --unshallow` fetches what is before it".to_owned())
    } else {
        name.split_once('/').map(|(remote, branch)| {
            format!(
                "`{}` fetches it, if there is such a branch",
                fetch_command(remote, branch, is_shallow(git))
            )
        })
    };
    NoChanges::UnknownCommit { base: name.to_owned(), hint }
}

/// Returns the error for a commit that has no merge base with HEAD.
fn no_merge_base(git: &Git<'_>, name: String) -> NoChanges {
    if !is_shallow(git) {
        return NoChanges::Unrelated { base: name };
    }
    let fetch = match name.split_once('/') {
        Some((remote, branch)) => fetch_command(remote, branch, true),
        None => "git fetch --unshallow".to_owned(),
    };
    NoChanges::Shallow { base: name, fetch }
}

fn is_shallow(git: &Git<'_>) -> bool {
    git.output_of(&["rev-parse", "--is-shallow-repository"]).is_ok_and(|answer| answer.trim() == "true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_branch_of_origin_comes_before_the_usual_names() {
        let all = [
            "refs/heads/main ",
            "refs/remotes/fork/main ",
            "refs/remotes/fork/HEAD refs/remotes/fork/trunk",
            "refs/remotes/origin/master ",
            "refs/remotes/origin/main ",
            "refs/remotes/origin/HEAD refs/remotes/origin/develop",
        ];
        let found = |count: usize| default_branch_among(&all[..count].join("\n"));
        assert_eq!(found(6).as_deref(), Some("origin/develop"));
        assert_eq!(found(5).as_deref(), Some("origin/main"));
        assert_eq!(found(4).as_deref(), Some("origin/master"));
        assert_eq!(found(3).as_deref(), Some("fork/trunk"));
        assert_eq!(found(2).as_deref(), Some("fork/main"));
        assert_eq!(found(1).as_deref(), Some("main"));
        assert_eq!(found(0), None);
    }
}
