//! Asks git what has changed: two processes at once, and one or two before for the base.

use std::{cell::LazyCell, collections::BTreeMap, ffi::OsString, fs, thread};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    base::{self, Base},
    error::NoChanges,
    paths::Paths,
    raw::{Listing, differences, listing},
    sources::naming,
    ways::Ways,
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
    pub(super) earlier: Earlier,
    /// The variables of envctl's own environment that name files of settings.
    pub(super) naming: BTreeMap<OsString, OsString>,
}

/// environments.toml at the base.
#[derive(Debug)]
pub(super) enum Earlier {
    /// It is the same.
    Same,
    /// There was none.
    Absent,
    /// It was this.
    Text(String),
    /// It was behind a link, or in a submodule, that has changed.
    Elsewhere,
}

impl Changes {
    /// Asks git in the repository that holds environments.toml.
    pub fn read(
        runner: &Runner,
        file: &Utf8Path,
        env: &BTreeMap<OsString, OsString>,
        since: &Since,
    ) -> Result<Self, NoChanges> {
        let dir = file.parent().unwrap_or(file);
        let top = repository(dir).ok_or_else(|| NoChanges::NoRepository(dir.to_owned()))?;
        let failed = |reason| NoChanges::Git { dir: top.to_owned(), reason };
        let git = Git::new(runner, top, env);
        let changes = thread::scope(|scope| {
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
            earlier: Earlier::Same,
            naming: naming(env),
        };
        let listing = listing(&changes.2);
        let unseen = unseen(&git, found.paths.top(), &listing);
        found.take_in(&changes.1, listing, unseen, (runner, env));
        found.look_back(&git, file);
        Ok(found)
    }

    /// A folder beside the repository for the tree at the base.
    pub fn beside(&self) -> String {
        let top = self.paths.top();
        let name = format!("{}-{}", top.file_name().unwrap_or("tree"), self.base.short());
        top.with_file_name(name).into_string()
    }

    fn take_in(
        &mut self,
        differing: &str,
        listing: Listing<'_>,
        unseen: Vec<(String, bool)>,
        how: (&Runner, &BTreeMap<OsString, OsString>),
    ) {
        for difference in differences(differing) {
            if let Some(commit) = &difference.submodule
                && let Some(paths) = within_submodule((&self.paths.top().join(&difference.path), commit), how)
            {
                for (path, deleted) in paths {
                    let path = format!("{}/{path}", difference.path);
                    if deleted {
                        self.gone.push(self.paths.top().join(&path));
                    }
                    self.insert(path);
                }
                continue;
            }
            if difference.deleted {
                self.gone.push(self.paths.top().join(&difference.path));
            }
            self.insert(difference.path);
        }
        for path in listing.untracked {
            self.insert(path.to_owned());
        }
        for (path, gone) in unseen {
            if gone {
                self.gone.push(self.paths.top().join(&path));
            }
            self.insert(path);
        }
        for path in listing.links {
            self.links.insert(path.to_owned());
        }
    }

    /// Reads environments.toml at the base, where it is another one.
    fn look_back(&mut self, git: &Git<'_>, file: &Utf8Path) {
        let way = Ways::new(&self.paths).to(file);
        let Some(held) = way.held else { return };
        self.earlier = if self.paths.exactly(&way.real) == Some(held) {
            let before = git.ask(&["cat-file", "blob", &format!("{}:{held}", self.base.commit)]);
            before.map_or(Earlier::Absent, Earlier::Text)
        } else {
            Earlier::Elsewhere
        };
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

/// The files that git was told not to look at, and whether each is gone: nobody knows whether it differs. In a sparse
/// checkout those that are left out do not.
fn unseen(git: &Git<'_>, top: &Utf8Path, listing: &Listing<'_>) -> Vec<(String, bool)> {
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

/// What differs in a submodule since a commit of its own, and whether it is gone; nothing where nobody knows, so that it
/// counts as a whole.
fn within_submodule(
    (dir, commit): (&Utf8Path, &str),
    (runner, env): (&Runner, &BTreeMap<OsString, OsString>),
) -> Option<Vec<(String, bool)>> {
    if !dir.join(".git").exists() {
        return None;
    }
    let git = Git::new(runner, dir, env);
    let mut found: Vec<(String, bool)> = Vec::new();
    for difference in differences(&differing(&git, commit).ok()?) {
        let inner = difference
            .submodule
            .as_ref()
            .and_then(|commit| within_submodule((&dir.join(&difference.path), commit), (runner, env)));
        match inner {
            Some(paths) => {
                found.extend(paths.into_iter().map(|(p, gone)| (format!("{}/{p}", difference.path), gone)));
            }
            None => found.push((difference.path, difference.deleted)),
        }
    }
    let others = untracked(&git).ok()?;
    let listing = listing(&others);
    found.extend(unseen(&git, dir, &listing));
    found.extend(listing.untracked.into_iter().map(|path| (path.to_owned(), false)));
    Some(found)
}
