//! Asks git what has changed: two processes at once, and one or two before for the base.

use std::{collections::BTreeMap, ffi::OsString, thread};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    base::{self, Base},
    error::NoChanges,
    paths::Paths,
    raw::{differences, listing},
};
use crate::{
    graph::Since,
    inventory::git::{Git, repository},
    process::Runner,
};

/// Folders that engines and envctl write into beside the files that are committed.
const LEFT_OUT: [&str; 3] = [".envctl", ".terraform", ".terragrunt-cache"];

/// What has changed in a repository since HEAD left a base, committed or not.
#[derive(Debug)]
pub struct Changes {
    /// What it is compared with.
    pub base: Base,
    pub(super) paths: Paths,
    /// Links, changed or not.
    pub(super) links: Paths,
    /// What of it is not there any more, absolute.
    pub(super) gone: Vec<Utf8PathBuf>,
}

impl Changes {
    /// Asks git in the repository that holds a folder.
    pub fn read(
        runner: &Runner,
        dir: &Utf8Path,
        env: &BTreeMap<OsString, OsString>,
        since: &Since,
    ) -> Result<Self, NoChanges> {
        let top = repository(dir).ok_or_else(|| NoChanges::NoRepository(dir.to_owned()))?;
        let failed = |reason| NoChanges::Git { dir: top.to_owned(), reason };
        let git = Git::new(runner, top, env);
        let mut changes = thread::scope(|scope| {
            let others = scope.spawn(|| untracked(&git));
            let base = base::base(&git, top, env, since)?;
            let differing = differing(&git, &base.commit).map_err(failed)?;
            let others = others.join().unwrap_or_else(|_| Err("the thread that asks it ended".to_owned()));
            Ok::<_, NoChanges>((base, differing, others.map_err(failed)?))
        })?;
        let real = top.canonicalize_utf8().map_err(|error| failed(error.to_string()))?;
        let mut found = Self {
            base: changes.0,
            links: Paths::new(real.clone()),
            paths: Paths::new(real),
            gone: Vec::new(),
        };
        found.take_in(&mut changes.1, &changes.2);
        Ok(found)
    }

    fn take_in(&mut self, differing: &mut str, others: &str) {
        for difference in differences(differing) {
            if difference.deleted {
                self.gone.push(self.paths.top().join(&difference.path));
            }
            self.insert(difference.path);
        }
        let listing = listing(others);
        for path in listing.untracked {
            self.insert(path.to_owned());
        }
        for path in listing.unseen {
            // It is not known whether it differs; where it is not checked out it does not.
            if self.paths.top().join(path).is_file() {
                self.insert(path.to_owned());
            }
        }
        for path in listing.links {
            self.links.insert(path.to_owned());
        }
    }

    fn insert(&mut self, path: String) {
        if !path.split('/').any(|part| LEFT_OUT.contains(&part)) {
            self.paths.insert(path);
        }
    }
}

fn differing(git: &Git<'_>, commit: &str) -> Result<String, String> {
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

fn untracked(git: &Git<'_>) -> Result<String, String> {
    git.ask(&["ls-files", "-v", "-s", "-z", "--cached", "--others", "--exclude-standard"])
}
