//! Installs the modules and providers of a stack in the `.terraform` of its folder, before an init of an instance.
//!
//! Fetched modules are installed there by the engine's `get`, never through the links of a data directory: an engine writes
//! the folder that it installs into to its manifest, and takes `path.module` from that. `get` uses neither backend nor
//! providers, unlike `init -backend=false`, which reads the state that the user's own init chose. Local modules are not
//! installed: the engine's manifest of them is in the instance's data directory.

use std::{
    ffi::{OsStr, OsString},
    fs,
};

use camino::Utf8Path;

use super::{
    commands::{InitModules, Terraform},
    data_dir::{self, ModulesAt, Replacement},
    effective_init::{MODULES, module_folders},
    module_manifest::{
        ManifestFile, ModuleSources, ModulesInstalled, has_foreign_folders, installed, is_fixed,
        manifest_file, module_sources,
    },
};
use crate::{
    engine::{
        CalledModule, Engine, EngineError, Progress, Session, Target,
        detect::LOCKFILE,
        driver::Invocation,
        layout::ENGINE_FOLDER,
        messages::exit_error::command_error,
        process::{
            call::capture,
            folder_lock::{FolderLock, LockMode, has_providers, lock_installed},
        },
        typed_command::verbs::is_upgrade,
    },
    process::CommandLine,
};

/// Mode in which modules are fetched into a stack's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Install {
    /// True if the newest allowed versions replace installed ones.
    pub(in crate::engine) update: bool,
    /// True if the engine checks the modules even if all that the files call are installed: tests may call more.
    pub(super) even_if_complete: bool,
}

/// Returns true if modules must be installed again: the manifest is damaged, a folder in it is missing, or the user's own
/// init installed modules through the links of a data directory, so that `path.module` would differ from that of the bare
/// engine.
pub(super) fn is_unusable(target: &Target) -> bool {
    let modules = target.data_dir.join("modules");
    let manifest = manifest_file(&target.data_dir.join(MODULES));
    (modules.is_symlink() && has_foreign_folders(&modules))
        || !matches!(manifest, Ok(ManifestFile::Missing | ManifestFile::Valid))
        || is_module_gone(target)
}

/// Returns true if a folder in the manifest of modules does not exist.
fn is_module_gone(target: &Target) -> bool {
    let named = module_folders(&target.data_dir, &target.dir).ok().flatten().unwrap_or_default();
    named.iter().any(|folder| !folder.is_dir())
}

/// Removes a damaged manifest of modules, with a note; refuses one that is no regular file, since an engine would wait for
/// it. The caller holds the exclusive lock on the folder.
fn remove_damaged_manifest(target: &Target, session: &Session<'_>) -> Result<(), EngineError> {
    let manifest = target.data_dir.join(MODULES);
    let real = manifest.canonicalize_utf8().unwrap_or_else(|_| manifest.clone());
    let shown = real.strip_prefix(&target.project).unwrap_or(&real);
    let found = manifest_file(&manifest).map_err(|error| data_dir::unusable(shown, &error))?;
    if found != ManifestFile::Damaged {
        return Ok(());
    }
    fs::remove_file(&manifest).map_err(|error| data_dir::unusable(shown, &error))?;
    let note = format!("`{shown}` was no list of modules: removed, and they are installed anew");
    (session.observer)(Progress::Note(note));
    Ok(())
}

impl Terraform {
    /// Returns the location of an instance's modules: the stack's folder, except for local modules, which need a manifest
    /// only, and for sources that may differ between environments.
    pub(super) fn modules_at(&self, target: &Target) -> ModulesAt {
        match module_sources(&target.dir, &self.call_reader(target)) {
            ModuleSources::Local => ModulesAt::DataDir,
            ModuleSources::Computed if target.folder.is_shared => ModulesAt::DataDir,
            ModuleSources::Computed | ModuleSources::Fetched => ModulesAt::StackFolder,
        }
    }

    /// Takes the shared lock on a stack's folder if everything that an instance needs is installed there, and returns the
    /// work that is left to the init of the instance. Returns `None` if something is missing, or if envctl cannot tell.
    pub(super) fn lock_if_complete(
        &self,
        target: &Target,
        session: &Session<'_>,
    ) -> Result<Option<(FolderLock, InitModules)>, EngineError> {
        if self.work_if_complete(target).is_none() {
            return Ok(None);
        }
        let lock = lock_installed(target, LockMode::Shared, session)?;
        let Some((modules_at, modules)) = self.work_if_complete(target) else { return Ok(None) };
        let is_ready =
            data_dir::create_links(target, modules_at, Replacement::Refused)? && !is_unusable(target);
        Ok(is_ready.then_some((lock, modules)))
    }

    /// Returns the location of an instance's modules and the work of its init; `None` if something must be installed in the
    /// stack's folder.
    fn work_if_complete(&self, target: &Target) -> Option<(ModulesAt, InitModules)> {
        let engine_folder = target.dir.join(ENGINE_FOLDER);
        if !has_providers(&engine_folder.join("providers"), &target.dir.join(LOCKFILE)) {
            return None;
        }
        let reader = self.call_reader(target);
        if module_sources(&target.dir, &reader) == ModuleSources::Local {
            return Some((ModulesAt::DataDir, InitModules::Install));
        }
        let modules = installed(&target.dir, &engine_folder.join("modules"), &reader);
        let is_complete = matches!(modules, ModulesInstalled::Complete { .. })
            && self.modules_at(target) == ModulesAt::StackFolder;
        is_complete.then_some((ModulesAt::StackFolder, InitModules::Skip))
    }

    /// Links a data directory to the stack's folder and fetches the modules that are missing there. The caller holds the
    /// exclusive lock on the folder.
    pub(super) fn install_modules(
        &self,
        target: &Target,
        Install { update, even_if_complete }: Install,
        session: &Session<'_>,
    ) -> Result<InitModules, EngineError> {
        let modules_at = self.modules_at(target);
        data_dir::create_links(target, modules_at, Replacement::Allowed)?;
        remove_damaged_manifest(target, session)?;
        if modules_at == ModulesAt::DataDir {
            return Ok(InitModules::Install);
        }
        let modules = target.dir.join(ENGINE_FOLDER).join("modules");
        let is_fetched = match installed(&target.dir, &modules, &self.call_reader(target)) {
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
                return Err(command_error(Invocation::new(self, target, session), &got, "get"));
            }
        }
        Ok(InitModules::Skip)
    }

    /// Installs the modules for a typed command that may install modules or providers, and returns the command line of that
    /// command.
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

    /// Returns the command that fetches modules into the stack's own folder.
    fn get_command(&self, target: &Target, update: bool) -> CommandLine {
        let mut command = self.base_command(target).args(["get", "-no-color"]);
        command.env.remove(OsStr::new("TF_DATA_DIR"));
        let command = if update { command.arg("-update") } else { command };
        command.args(self.early_var_files(target))
    }

    /// Returns the function that reads the module calls in a folder as this engine does.
    fn call_reader<'a>(&'a self, target: &'a Target) -> impl Fn(&Utf8Path) -> Option<Vec<CalledModule>> + 'a {
        |dir| (target.folder.module_calls)(self.installed.name, dir)
    }
}
