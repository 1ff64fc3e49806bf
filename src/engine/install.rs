//! Installs what a stack needs in the `.terraform` of its folder, before the init of an instance that uses it.
//!
//! Fetched modules are installed there by the engine's `get`, never through the links of a data directory: an engine writes the
//! folder that it installs into to its manifest, and `path.module` is read from that. `get` knows neither backend nor providers,
//! unlike `init -backend=false`, which reads the state that the user's own init chose.

use std::ffi::{OsStr, OsString};

use camino::Utf8Path;

use super::{
    CalledModule, Engine, EngineError, Session, Target,
    call::capture,
    data_dir::{self, ModulesAt, Replace},
    detect::LOCKFILE,
    ending::failed_text,
    folder_lock::{FolderLock, Sharing, has_providers, lock_installed},
    module_manifest::{ModulesInstalled, has_computed_sources, has_foreign_folders, installed},
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

/// Returns true if an init that a user typed has installed modules through the links of a data directory: every instance of the
/// folder would read another `path.module` than the bare engine.
pub(super) fn is_installed_through_links(target: &Target) -> bool {
    has_foreign_folders(&target.dir.join(data_dir::ENGINE_FOLDER).join("modules"))
}

impl Terraform {
    /// Where the modules of an instance are: in the stack's folder, but for sources that may differ between its environments.
    pub(super) fn modules_at(&self, target: &Target) -> ModulesAt {
        let is_own = target.folder.is_shared && has_computed_sources(&target.dir, &self.reader(target));
        if is_own { ModulesAt::DataDir } else { ModulesAt::StackFolder }
    }

    /// Takes the shared lock on a stack's folder where everything is installed that an instance needs; gives nothing where
    /// something has to be installed, or cannot be told.
    pub(super) fn lock_complete(
        &self,
        target: &Target,
        session: &Session<'_>,
    ) -> Result<Option<FolderLock>, EngineError> {
        if !self.is_complete(target) {
            return Ok(None);
        }
        let lock = lock_installed(target, Sharing::OthersWhoShare, session)?;
        let is_ready =
            self.is_complete(target) && data_dir::link(target, ModulesAt::StackFolder, Replace::Refused)?;
        Ok(is_ready.then_some(lock))
    }

    fn is_complete(&self, target: &Target) -> bool {
        let engine_folder = target.dir.join(data_dir::ENGINE_FOLDER);
        let modules = installed(&target.dir, &engine_folder.join("modules"), &self.reader(target));
        has_providers(&engine_folder.join("providers"), &target.dir.join(LOCKFILE))
            && matches!(modules, ModulesInstalled::Complete { .. })
            && self.modules_at(target) == ModulesAt::StackFolder
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
