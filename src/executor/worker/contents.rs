//! What the files under a plan hold at one moment.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::Work;
use crate::{
    engine::{DownloadedFor, Footing, PackageDigest, cli_configs, downloaded_for},
    files::file_digest,
    inventory::inputs::{InputFile, Inputs},
    model::{Failure, FailureKind},
    plans::SHA256,
};

/// Beginning of the names of files that Terragrunt keeps beside what it downloads.
const NOTES: &str = ".terragrunt-";

/// The digests of all files under a stack's plan.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Contents {
    /// The files of settings of the engine, by their paths.
    pub(super) settings: Vec<(String, String)>,
    /// The declared var files in order, by their paths.
    pub(super) var_files: Vec<(String, String)>,
    /// The lockfile, where there is one.
    pub(super) lockfile: Option<String>,
    /// Packages of fetched modules, by what they are to the stack.
    pub(super) packages: BTreeMap<String, PackageDigest>,
    /// The rest, by their paths.
    pub(super) files: BTreeMap<String, InputFile>,
    /// Whether the configuration reads more, at paths that only its engine works out.
    pub(super) reads_more: bool,
}

impl Contents {
    /// What they hold now. A file that is gone is left out.
    pub(super) fn read(work: &Work, footing: &Footing) -> Result<Self, Failure> {
        let scope = &work.ground.scope;
        let all = |paths: &mut dyn Iterator<Item = Utf8PathBuf>| -> Result<Vec<(String, String)>, Failure> {
            let digests = paths.map(|path| Ok(digest(&path)?.map(|digest| (scope.shown(&path), digest))));
            Ok(digests.collect::<Result<Vec<_>, Failure>>()?.into_iter().flatten().collect())
        };
        let own = |path: &&Utf8PathBuf| **path != work.ground.generated;
        let var_files = all(&mut work.target.var_files.iter().filter(own).cloned())?;
        let settings = all(&mut cli_configs(&work.target.env).into_iter())?;
        let Inputs { mut files, reads_more } = scope
            .read(footing.modules.as_deref().unwrap_or_default())
            .map_err(|error| Failure::new(FailureKind::Config, error.to_string()))?;
        files.retain(|path, _| !var_files.iter().any(|(var_file, _)| var_file == path));
        if work.engine.fetches_while_planning() {
            // What Terragrunt downloads for other units below a common `download_dir` is theirs.
            // Its own notes there are about times of change.
            let is_note =
                |path: &str| Utf8Path::new(path).file_name().is_some_and(|name| name.starts_with(NOTES));
            files.retain(|path, _| match downloaded_for(&work.target, path.as_str().into()) {
                Some(DownloadedFor::OtherUnit) => false,
                Some(DownloadedFor::ThisUnit) => !is_note(path),
                None => true,
            });
        }
        let packages = fetched(work)?;
        Ok(Self { settings, var_files, lockfile: digest(&footing.lockfile)?, packages, files, reads_more })
    }

    /// Takes in the packages as a plan left them, where its engine fetches them as it plans.
    pub(super) fn renew_packages(&mut self, work: &Work) -> Result<(), Failure> {
        if work.engine.fetches_while_planning() {
            self.packages = fetched(work)?;
        }
        Ok(())
    }

    /// Takes in the copies of a unit's source as a plan left them, where they lie among the files: Terragrunt writes them anew
    /// before it plans, and the source itself counts as it was before.
    pub(super) fn renew_copies(&mut self, work: &Work, after: &Self) {
        if !work.engine.fetches_while_planning() {
            return;
        }
        let paths: BTreeSet<&String> = self.files.keys().chain(after.files.keys()).collect();
        let is_own = |path: &&String| downloaded_for(&work.target, path.as_str().into()).is_some();
        let written: Vec<String> = paths.into_iter().filter(is_own).cloned().collect();
        for path in written {
            match after.files.get(&path) {
                Some(file) => drop(self.files.insert(path, file.clone())),
                None => drop(self.files.remove(&path)),
            }
        }
    }

    /// The contents to bind a plan to, from those before and after it was made, and what to say of it.
    ///
    /// What an engine only reads counts as it was before. A lockfile that was missing, the configuration that Terragrunt
    /// generates, and other files that a plan makes, as an archive, count as the plan left them.
    pub(super) fn settled(mut self, after: Self) -> (Self, Vec<String>) {
        let mut notes = Vec::new();
        for (path, file) in after.files {
            match self.files.get(&path) {
                None => {
                    self.files.insert(path, file);
                }
                Some(before) if !before.configuration && *before != file => {
                    notes.push(format!("`{path}` changed while this was planned"));
                    self.files.insert(path, file);
                }
                Some(_) => {}
            }
        }
        for (name, package) in after.packages {
            match self.packages.get_mut(&name) {
                None => {
                    self.packages.insert(name, package);
                }
                Some(before) if before.others != package.others => {
                    notes.push(format!("files of the fetched {name} changed while this was planned"));
                    before.others = package.others;
                }
                Some(_) => {}
            }
        }
        self.lockfile = self.lockfile.or(after.lockfile);
        (self, notes)
    }
}

fn fetched(work: &Work) -> Result<BTreeMap<String, PackageDigest>, Failure> {
    work.engine.packages(&work.target).map_err(|error| {
        let summary = format!("cannot read the fetched modules of `{}`: {error}", work.target.instance);
        Failure::new(FailureKind::Config, summary)
    })
}

/// The digest of a file as a value; none where there is no file. One that nobody may read says so.
pub(super) fn digest(path: &Utf8Path) -> Result<Option<String>, Failure> {
    match file_digest(path) {
        Ok(digest) => Ok(Some(format!("{SHA256}{digest}"))),
        Err(error) if [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind()) => {
            Ok(None)
        }
        Err(error) => {
            let summary = format!("cannot read `{path}`, which the plan depends on: {error}");
            Err(Failure::new(FailureKind::Unknown, summary))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(files: &[(&str, &str, bool)], lockfile: Option<&str>) -> Contents {
        let file = |(path, digest, configuration): &(&str, &str, bool)| {
            let digest = (*digest).to_owned();
            ((*path).to_owned(), InputFile { digest, executable: false, configuration: *configuration })
        };
        Contents {
            settings: vec![],
            var_files: vec![],
            lockfile: lockfile.map(str::to_owned),
            packages: BTreeMap::new(),
            files: files.iter().map(file).collect(),
            reads_more: false,
        }
    }

    #[test]
    fn what_a_plan_makes_counts_as_it_left_it_and_configuration_as_it_was_before() {
        let before =
            contents(&[("main.tf", "1", true), ("x.zip", "1", false), ("gone.txt", "1", false)], None);
        let after =
            contents(&[("main.tf", "2", true), ("x.zip", "2", false), ("made.tf", "1", true)], Some("l"));
        let (settled, notes) = before.settled(after);
        let expected = contents(
            &[
                ("gone.txt", "1", false),
                ("made.tf", "1", true),
                ("main.tf", "1", true),
                ("x.zip", "2", false),
            ],
            Some("l"),
        );
        assert_eq!(settled, expected);
        assert_eq!(notes, ["`x.zip` changed while this was planned"]);
    }

    #[test]
    fn a_fetched_module_counts_as_a_plan_left_it_but_for_its_configuration() {
        let with = |configuration: &str, others: &str| {
            let package =
                PackageDigest { configuration: configuration.to_owned(), others: others.to_owned() };
            Contents { packages: [("module m".to_owned(), package)].into(), ..contents(&[], None) }
        };
        let (settled, notes) = with("1", "1").settled(with("2", "2"));
        assert_eq!(settled, with("1", "2"));
        assert_eq!(notes, ["files of the fetched module m changed while this was planned"]);
        assert_eq!(contents(&[], None).settled(with("2", "2")).0, with("2", "2"));
    }

    #[test]
    fn a_lockfile_that_was_there_counts_as_it_was_before() {
        let (settled, _) = contents(&[], Some("1")).settled(contents(&[], Some("2")));
        assert_eq!(settled.lockfile.as_deref(), Some("1"));
    }
}
