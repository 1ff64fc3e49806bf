//! Digests of a plan's input files, read before or after the plan.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
};

use camino::{Utf8Path, Utf8PathBuf};

use super::ready_stack::ReadyStack;
use crate::{
    engine::{DownloadedFor, EffectiveInit, PackageDigest, cli_configs, downloaded_for},
    files::file_digest,
    inventory::plan_inputs::{InputFile, Inputs},
    model::{Failure, FailureKind},
    plans::SHA256,
};

/// Prefix of the names of files that Terragrunt stores beside its downloads.
const TERRAGRUNT_FILES: &str = ".terragrunt-";

/// Digests of all input files of a stack's plan.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct InputDigests {
    /// CLI configuration files of the engine: path and digest.
    pub(super) settings: Vec<(String, String)>,
    /// Declared var files in order: path and digest.
    pub(super) var_files: Vec<(String, String)>,
    /// Backend files of the project: path and digest, in the order in which the engine gets them.
    pub(super) backend_files: Vec<(String, String)>,
    /// Digest of the lock file; `None` without one.
    pub(super) lockfile: Option<String>,
    /// Digests of downloaded module packages, by module name.
    pub(super) packages: BTreeMap<String, PackageDigest>,
    /// Digests of all other input files, by path.
    pub(super) files: BTreeMap<String, InputFile>,
    /// True if the configuration reads more files, at paths that only its engine can compute.
    pub(super) reads_more: bool,
}

impl InputDigests {
    /// Reads the current digests. A missing file is left out.
    pub(super) fn read(ready: &ReadyStack, effective_init: &EffectiveInit) -> Result<Self, Failure> {
        let scope = &ready.plan_inputs.scope;
        let all = |paths: &mut dyn Iterator<Item = Utf8PathBuf>| -> Result<Vec<(String, String)>, Failure> {
            let digests =
                paths.map(|path| Ok(digest(&path)?.map(|digest| (scope.display_path(&path), digest))));
            Ok(digests.collect::<Result<Vec<_>, Failure>>()?.into_iter().flatten().collect())
        };
        let own = |path: &&Utf8PathBuf| !ready.target.generated_values.contains(path);
        let var_files = all(&mut ready.target.var_files.iter().filter(own).cloned())?;
        let backend_files = all(&mut ready.target.backend.files.iter().cloned())?;
        let settings = all(&mut cli_configs(&ready.target.env).into_iter())?;
        let Inputs { mut files, reads_more } = scope
            .read(effective_init.modules.as_deref().unwrap_or_default())
            .map_err(|error| Failure::new(FailureKind::Config, error.to_string()))?;
        let named = var_files.iter().chain(&backend_files);
        files.retain(|path, _| !named.clone().any(|(named, _)| named == path));
        if ready.engine.fetches_while_planning() {
            // Terragrunt downloads sources of other units into a common `download_dir`: these are not inputs of this unit.
            // Terragrunt's own files there contain only modification times.
            let is_note = |path: &str| {
                Utf8Path::new(path).file_name().is_some_and(|name| name.starts_with(TERRAGRUNT_FILES))
            };
            files.retain(|path, _| match downloaded_for(&ready.target, path.as_str().into()) {
                Some(DownloadedFor::OtherUnit) => false,
                Some(DownloadedFor::ThisUnit) => !is_note(path),
                None => true,
            });
        }
        let packages = package_digests(ready)?;
        Ok(Self {
            settings,
            var_files,
            backend_files,
            lockfile: digest(&effective_init.lockfile)?,
            packages,
            files,
            reads_more,
        })
    }

    /// Replaces the package digests by those after a plan, if the engine downloads packages while it plans.
    pub(super) fn renew_packages(&mut self, ready: &ReadyStack) -> Result<(), Failure> {
        if ready.engine.fetches_while_planning() {
            self.packages = package_digests(ready)?;
        }
        Ok(())
    }

    /// Replaces the digests of the copies of a unit's source by those after a plan: Terragrunt writes the copies anew
    /// before it plans. The source itself keeps its digest from before the plan.
    pub(super) fn renew_copies(&mut self, ready: &ReadyStack, after: &Self) {
        if !ready.engine.fetches_while_planning() {
            return;
        }
        let paths: BTreeSet<&String> = self.files.keys().chain(after.files.keys()).collect();
        let is_own = |path: &&String| downloaded_for(&ready.target, path.as_str().into()).is_some();
        let written: Vec<String> = paths.into_iter().filter(is_own).cloned().collect();
        for path in written {
            match after.files.get(&path) {
                Some(file) => drop(self.files.insert(path, file.clone())),
                None => drop(self.files.remove(&path)),
            }
        }
    }

    /// Merges the digests from before and after a plan into those to bind, and returns notes.
    ///
    /// Files that an engine only reads keep their digest from before. A lock file that was missing, configuration that
    /// Terragrunt generates, and other files that a plan writes, such as an archive, get their digest from after the plan.
    pub(super) fn merge(mut self, after: Self) -> (Self, Vec<String>) {
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
                Some(before) if before.other_files != package.other_files => {
                    notes.push(format!("files of the fetched {name} changed while this was planned"));
                    before.other_files = package.other_files;
                }
                Some(_) => {}
            }
        }
        self.lockfile = self.lockfile.or(after.lockfile);
        (self, notes)
    }
}

fn package_digests(ready: &ReadyStack) -> Result<BTreeMap<String, PackageDigest>, Failure> {
    ready.engine.packages(&ready.target).map_err(|error| {
        let summary = format!("cannot read the fetched modules of `{}`: {error}", ready.target.instance);
        Failure::new(FailureKind::Config, summary)
    })
}

/// Returns the digest of a file as an item's value; `None` if there is no file. A file that cannot be read is an error.
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

    fn contents(files: &[(&str, &str, bool)], lockfile: Option<&str>) -> InputDigests {
        let file = |(path, digest, configuration): &(&str, &str, bool)| {
            let digest = (*digest).to_owned();
            ((*path).to_owned(), InputFile { digest, executable: false, configuration: *configuration })
        };
        InputDigests {
            settings: vec![],
            var_files: vec![],
            backend_files: vec![],
            lockfile: lockfile.map(str::to_owned),
            packages: BTreeMap::new(),
            files: files.iter().map(file).collect(),
            reads_more: false,
        }
    }

    #[test]
    fn configuration_is_bound_before_a_plan_and_other_files_after_it() {
        let before =
            contents(&[("main.tf", "1", true), ("x.zip", "1", false), ("gone.txt", "1", false)], None);
        let after =
            contents(&[("main.tf", "2", true), ("x.zip", "2", false), ("made.tf", "1", true)], Some("l"));
        let (settled, notes) = before.merge(after);
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
    fn other_files_of_a_fetched_module_are_bound_after_the_plan() {
        let with = |configuration: &str, others: &str| {
            let package =
                PackageDigest { configuration: configuration.to_owned(), other_files: others.to_owned() };
            InputDigests { packages: [("module m".to_owned(), package)].into(), ..contents(&[], None) }
        };
        let (settled, notes) = with("1", "1").merge(with("2", "2"));
        assert_eq!(settled, with("1", "2"));
        assert_eq!(notes, ["files of the fetched module m changed while this was planned"]);
        assert_eq!(contents(&[], None).merge(with("2", "2")).0, with("2", "2"));
    }

    #[test]
    fn an_existing_lock_file_is_bound_as_it_was_before_the_plan() {
        let (settled, _) = contents(&[], Some("1")).merge(contents(&[], Some("2")));
        assert_eq!(settled.lockfile.as_deref(), Some("1"));
    }
}
