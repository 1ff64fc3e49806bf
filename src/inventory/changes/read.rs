//! Asks git what has changed: two processes at once, and one or two before for the base.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    thread,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    asking::{differing, listed, unseen},
    base::{self, Base},
    error::NoChanges,
    paths::Paths,
    raw::{Listing, differences, listing},
    sources::naming,
    submodules::within,
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
            let others = scope.spawn(|| listed(&git));
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

    fn take_in(
        &mut self,
        differing: &str,
        listing: Listing<'_>,
        unseen: Vec<(String, bool)>,
        how: (&Runner, &BTreeMap<OsString, OsString>),
    ) {
        let mut asked = BTreeSet::new();
        for difference in differences(differing) {
            let path = difference.path;
            if let Some(commit) = &difference.submodule {
                asked.insert(path.clone());
                if self.take_in_submodule((&path, Some(commit)), how) {
                    continue;
                }
            }
            if difference.deleted {
                self.gone.push(self.paths.top().join(&path));
            }
            self.insert(path);
        }
        for path in listing.submodules.iter().filter(|path| !asked.contains(**path)) {
            self.take_in_submodule((path, None), how);
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

    /// What has changed in a submodule; not where nobody knows.
    fn take_in_submodule(
        &mut self,
        (path, commit): (&str, Option<&str>),
        how: (&Runner, &BTreeMap<OsString, OsString>),
    ) -> bool {
        let Some(found) = within((&self.paths.top().join(path), commit), how) else { return false };
        let found = found.from(path);
        for (path, gone) in found.changed {
            if gone {
                self.gone.push(self.paths.top().join(&path));
            }
            self.insert(path);
        }
        for link in found.links {
            self.links.insert(link);
        }
        true
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
