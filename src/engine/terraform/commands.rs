//! OpenTofu or Terraform at one version, and the command lines that an init and a workspace take.

use std::{
    ffi::{OsStr, OsString},
    sync::Arc,
};

use camino::Utf8Path;

use super::data_dir;
use crate::{
    config::EngineSettings,
    engine::{
        LockfilePolicy, Target,
        flags::{backend_config, lock_timeout, var_files},
        program::installed::InstalledEngine,
    },
    files::DigestCache,
    process::CommandLine,
};

/// Installation of modules by the init of an instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InitModules {
    /// The init writes the manifest of the local modules, and fetches the modules that are installed in the instance's data
    /// directory.
    Install,
    /// The init installs none: all modules are installed.
    Skip,
}

/// Engine that an adapter runs: OpenTofu or Terraform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Flavor {
    /// OpenTofu, whose backends and module sources may use variables.
    OpenTofu,
    /// HashiCorp Terraform.
    Terraform,
}

/// OpenTofu or Terraform at one version.
#[derive(Debug)]
pub(in crate::engine) struct Terraform {
    pub(super) flavor: Flavor,
    pub(in crate::engine) installed: InstalledEngine,
    pub(super) settings: EngineSettings,
    pub(in crate::engine) digests: Arc<DigestCache>,
}

impl Terraform {
    pub(in crate::engine) fn new(
        flavor: Flavor,
        installed: InstalledEngine,
        settings: EngineSettings,
        digests: Arc<DigestCache>,
    ) -> Self {
        Self { flavor, installed, settings, digests }
    }

    pub(in crate::engine) fn program(&self) -> &Utf8Path {
        &self.installed.program
    }

    pub(in crate::engine) fn version_text(&self) -> &str {
        &self.installed.version
    }

    pub(in crate::engine) fn settings(&self) -> &EngineSettings {
        &self.settings
    }

    /// Returns true if `init` has `-json`. Source: changelogs of Terraform 1.9 and OpenTofu 1.8.
    pub(super) fn speaks_json_in_init(&self) -> bool {
        self.installed.is_at_least(match self.flavor {
            Flavor::OpenTofu => (1, 8),
            Flavor::Terraform => (1, 9),
        })
    }

    /// Returns a command in the stack's folder with the data directory of the instance, without arguments and without a
    /// workspace.
    pub(in crate::engine) fn base_command(&self, target: &Target) -> CommandLine {
        let mut command =
            CommandLine::new(self.program().as_os_str(), target.dir.clone(), (*target.env).clone())
                .env("TF_DATA_DIR", data_dir::relative(target).into_os_string());
        command.env.remove(OsStr::new("TF_WORKSPACE"));
        match &self.settings.plugin_cache {
            Some(cache) => command.env("TF_PLUGIN_CACHE_DIR", cache.as_os_str()),
            None => command,
        }
    }

    /// Returns a command in the instance's workspace; the default one is set too, since the user may have selected another
    /// one.
    pub(super) fn in_workspace(&self, target: &Target) -> CommandLine {
        self.base_command(target).env("TF_WORKSPACE", target.workspace.as_deref().unwrap_or("default"))
    }

    /// Returns true if every verb that reads backends or module sources needs the values of variables: OpenTofu allows
    /// variables in both, Terraform in module sources (`const`). Source: changelogs of OpenTofu 1.8 and Terraform 1.15.
    pub(super) fn needs_variables_everywhere(&self) -> bool {
        self.installed.is_at_least(match self.flavor {
            Flavor::OpenTofu => (1, 8),
            Flavor::Terraform => (1, 15),
        })
    }

    pub(in crate::engine) fn locks_plugin_cache(&self, target: &Target) -> bool {
        self.installed.locks_plugin_cache(target)
    }

    /// Returns the flags for var files of a verb that reads backends or module sources, if the engine needs variables for
    /// these.
    pub(super) fn early_var_files(&self, target: &Target) -> Vec<OsString> {
        if self.needs_variables_everywhere() { var_files(target) } else { Vec::new() }
    }

    pub(super) fn init_command(
        &self,
        target: &Target,
        reconfigure: bool,
        keeps_lockfile: bool,
        modules: InitModules,
    ) -> CommandLine {
        let mut command = self.base_command(target).args(["init", "-input=false", "-no-color"]);
        // The backend record in the data directory is envctl's own, so that there is never a state to migrate.
        if reconfigure {
            command = command.arg("-reconfigure");
        }
        if self.speaks_json_in_init() {
            command = command.arg("-json");
        }
        if modules == InitModules::Skip {
            command = command.arg("-get=false");
        }
        command = command.args(backend_config(target));
        if keeps_lockfile {
            command = command.arg("-lockfile=readonly");
        }
        if target.lockfile == LockfilePolicy::Upgraded {
            command = command.arg("-upgrade");
        }
        command.args(self.early_var_files(target)).args(&self.settings.init_args)
    }

    /// Returns the command line `workspace list`.
    pub(super) fn workspace_list_command(&self, target: &Target) -> CommandLine {
        let command = self.base_command(target).args(["workspace", "list"]);
        let command = if self.speaks_json_in_workspace_list() { command.arg("-json") } else { command };
        command.args(self.early_var_files(target))
    }

    /// Returns the command line `workspace new`.
    pub(super) fn workspace_new_command(&self, target: &Target, name: &str) -> CommandLine {
        self.base_command(target)
            .args(["workspace", "new", "-no-color"])
            .arg(lock_timeout(target))
            .args(self.early_var_files(target))
            .arg(name)
    }

    /// Returns true if `workspace list` has `-json`. Source: measured; Terraform 1.11 has not.
    fn speaks_json_in_workspace_list(&self) -> bool {
        self.flavor == Flavor::OpenTofu && self.installed.is_at_least((1, 12))
    }
}
