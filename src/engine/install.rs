//! Installs what a stack needs in the `.terraform` of its folder, before the init of an instance that uses it.
//!
//! Fetched modules are installed there by the engine's `get`, never through the links of a data directory: an engine writes the
//! folder that it installs into to its manifest, and `path.module` is read from that. `get` knows neither backend nor providers,
//! unlike `init -backend=false`, which reads the state that the user's own init chose. Local modules are not installed: what an
//! engine notes of them is in the instance's data directory.

use std::{
    ffi::{OsStr, OsString},
    fs,
};

use camino::Utf8Path;

use super::{
    CalledModule, Engine, EngineError, Progress, Session, Target,
    call::capture,
    data_dir::{self, ModulesAt, Replace},
    detect::LOCKFILE,
    ending::failed_text,
    folder_lock::{FolderLock, Sharing, has_providers, lock_installed},
    footing::{MODULES, module_folders},
    module_manifest::{
        ManifestFile, ModuleSources, ModulesInstalled, has_foreign_folders, installed, is_fixed,
        manifest_file, module_sources,
    },
    terraform::Terraform,
    verbs::is_upgrade,
};
use crate::process::CommandLine;

/// Work that an init of an instance has to do about modules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InitModules {
    /// Write down where the local ones are, and fetch those that are the instance's own.
    Install,
    /// Nothing: all are installed.
    Skip,
}

/// How modules are fetched into a stack's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Install {
    /// True if the newest allowed versions take the place of installed ones.
    pub(super) update: bool,
    /// True if the engine compares also where all modules that the files call are there: it knows more of them.
    pub(super) even_if_complete: bool,
}

/// Returns true if what is installed has to be installed anew: an init that a user typed has installed modules through the links
/// of a data directory, so that every instance of the folder would read another `path.module` than the bare engine, or the
/// manifest of modules is torn, or a folder that it names is gone.
pub(super) fn is_unusable(target: &Target) -> bool {
    let modules = target.data_dir.join("modules");
    let manifest = manifest_file(&target.data_dir.join(MODULES));
    (modules.is_symlink() && has_foreign_folders(&modules))
        || !matches!(manifest, Ok(ManifestFile::Missing | ManifestFile::Whole))
        || is_module_gone(target)
}

/// Returns true if a folder that the manifest of modules names is not there.
fn is_module_gone(target: &Target) -> bool {
    let named = module_folders(&target.data_dir, &target.dir).ok().flatten().unwrap_or_default();
    named.iter().any(|folder| !folder.is_dir())
}

/// Removes a manifest of modules that is torn, and says so; what is no file is refused, since an engine would wait for it. The caller holds the lock on the folder alone.
fn remove_torn_manifest(target: &Target, session: &Session<'_>) -> Result<(), EngineError> {
    let manifest = target.data_dir.join(MODULES);
    let real = manifest.canonicalize_utf8().unwrap_or_else(|_| manifest.clone());
    let shown = real.strip_prefix(&target.project).unwrap_or(&real);
    let found = manifest_file(&manifest).map_err(|error| data_dir::unusable(shown, &error))?;
    if found != ManifestFile::Torn {
        return Ok(());
    }
    fs::remove_file(&manifest).map_err(|error| data_dir::unusable(shown, &error))?;
    let note = format!("`{shown}` was no list of modules: removed, and they are installed anew");
    (session.observer)(Progress::Note(note));
    Ok(())
}

impl Terraform {
    /// Where the modules of an instance are: in the stack's folder, but for local ones, of which nothing is installed but a
    /// manifest, and for sources that may differ between its environments.
    pub(super) fn modules_at(&self, target: &Target) -> ModulesAt {
        match module_sources(&target.dir, &self.reader(target)) {
            ModuleSources::Local => ModulesAt::DataDir,
            ModuleSources::Computed if target.folder.is_shared => ModulesAt::DataDir,
            ModuleSources::Computed | ModuleSources::Fetched => ModulesAt::StackFolder,
        }
    }

    /// Takes the shared lock on a stack's folder where everything is installed there that an instance needs, and returns what is
    /// left to its init; gives nothing where something has to be installed, or cannot be told.
    pub(super) fn lock_complete(
        &self,
        target: &Target,
        session: &Session<'_>,
    ) -> Result<Option<(FolderLock, InitModules)>, EngineError> {
        if self.complete(target).is_none() {
            return Ok(None);
        }
        let lock = lock_installed(target, Sharing::OthersWhoShare, session)?;
        let Some((modules_at, modules)) = self.complete(target) else { return Ok(None) };
        let is_ready = data_dir::link(target, modules_at, Replace::Refused)? && !is_unusable(target);
        Ok(is_ready.then_some((lock, modules)))
    }

    /// Returns where the modules of an instance are and what its init does about them, where nothing has to be installed in the
    /// stack's folder.
    fn complete(&self, target: &Target) -> Option<(ModulesAt, InitModules)> {
        let engine_folder = target.dir.join(data_dir::ENGINE_FOLDER);
        if !has_providers(&engine_folder.join("providers"), &target.dir.join(LOCKFILE)) {
            return None;
        }
        let reader = self.reader(target);
        if module_sources(&target.dir, &reader) == ModuleSources::Local {
            return Some((ModulesAt::DataDir, InitModules::Install));
        }
        let modules = installed(&target.dir, &engine_folder.join("modules"), &reader);
        let is_complete = matches!(modules, ModulesInstalled::Complete { .. })
            && self.modules_at(target) == ModulesAt::StackFolder;
        is_complete.then_some((ModulesAt::StackFolder, InitModules::Skip))
    }

    /// Links a data directory to the stack's folder and fetches the modules that are missing there. The caller holds the lock
    /// on the folder alone.
    pub(super) fn install_modules(
        &self,
        target: &Target,
        Install { update, even_if_complete }: Install,
        session: &Session<'_>,
    ) -> Result<InitModules, EngineError> {
        let modules_at = self.modules_at(target);
        data_dir::link(target, modules_at, Replace::Allowed)?;
        remove_torn_manifest(target, session)?;
        if modules_at == ModulesAt::DataDir {
            return Ok(InitModules::Install);
        }
        let modules = target.dir.join(data_dir::ENGINE_FOLDER).join("modules");
        let is_fetched = match installed(&target.dir, &modules, &self.reader(target)) {
            ModulesInstalled::LocalMissing | ModulesInstalled::Complete { fetched: false } => {
                return Ok(InitModules::Install);
            }
            ModulesInstalled::Complete { fetched: true } => true,
            ModulesInstalled::FetchedMissing => false,
        };
        let update = update || has_foreign_folders(&modules);
        if !update && is_fixed(&target.dir, &modules) {
            return Ok(InitModules::Skip);
        }
        if !is_fetched || update || even_if_complete {
            let got = capture(session, &self.get_command(target, update))?;
            if !got.exit.is_success() {
                return Err(failed_text(self, &got, "get", target, session));
            }
        }
        Ok(InitModules::Skip)
    }

    /// The command line of a typed command that may install modules or providers, once the modules are installed.
    pub(super) fn installing_command(
        &self,
        target: &Target,
        args: &[OsString],
        session: &Session<'_>,
    ) -> Result<CommandLine, EngineError> {
        let update = args.iter().any(|arg| is_upgrade(arg));
        let (verb, rest) = args.split_at(1);
        if verb[0] != "init" {
            let mut command = self.command(target, args);
            if self.modules_at(target) == ModulesAt::StackFolder {
                command.env.remove(OsStr::new("TF_DATA_DIR"));
            }
            return Ok(command);
        }
        let install = Install { update, even_if_complete: true };
        let mut args = args.to_vec();
        if self.install_modules(target, install, session)? == InitModules::Skip
            && !rest.iter().any(|arg| arg.to_string_lossy().trim_start_matches('-').starts_with("get"))
        {
            args.insert(1, "-get=false".into());
        }
        Ok(self.command(target, &args))
    }

    /// Fetches modules into the stack's own folder.
    fn get_command(&self, target: &Target, update: bool) -> CommandLine {
        let mut command = self.bare(target).args(["get", "-no-color"]);
        command.env.remove(OsStr::new("TF_DATA_DIR"));
        let command = if update { command.arg("-update") } else { command };
        command.args(self.early_var_files(target))
    }

    fn reader<'a>(&'a self, target: &'a Target) -> impl Fn(&Utf8Path) -> Option<Vec<CalledModule>> + 'a {
        |dir| (target.folder.module_calls)(self.name(), dir)
    }
}
