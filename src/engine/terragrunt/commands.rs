//! Terragrunt at one version with the engine that it drives, and its command lines.

use std::{
    ffi::{OsStr, OsString},
    sync::Arc,
};

use super::unit_folders::download_dir;
use crate::{
    config::EngineSettings,
    engine::{Target, program::installed::InstalledEngine},
    files::DigestCache,
    process::{CommandLine, SignalTarget},
};

/// Variables that envctl sets for every process of Terragrunt: no retry, no question, and a log in one format. At log level
/// `error` the warning about mocked outputs would be missing.
const SET: &[(&str, &str)] = &[
    ("TG_NO_AUTO_RETRY", "true"),
    ("TG_NON_INTERACTIVE", "true"),
    ("TG_LOG_LEVEL", "warn"),
    ("TG_LOG_FORMAT", "bare"),
    (NO_COLOR, "true"),
];

/// Variable that turns off the colours of Terragrunt and of the engine that it drives.
pub(super) const NO_COLOR: &str = "TG_NO_COLOR";

/// Variable with the flags of every init that Terragrunt runs.
pub(super) const INIT_FLAGS: &str = "TF_CLI_ARGS_init";

/// Flag that makes an init fail if it would change the lock file, which belongs to the user.
pub(super) const READ_ONLY: &str = "-lockfile=readonly";

/// Terragrunt at one version, with the engine that it drives.
#[derive(Debug)]
pub(in crate::engine) struct Terragrunt {
    pub(in crate::engine) installed: InstalledEngine,
    pub(in crate::engine) driven: InstalledEngine,
    pub(in crate::engine) settings: EngineSettings,
    pub(in crate::engine) digests: Arc<DigestCache>,
}

impl Terragrunt {
    pub(in crate::engine) fn new(
        installed: InstalledEngine,
        driven: InstalledEngine,
        settings: EngineSettings,
        digests: Arc<DigestCache>,
    ) -> Self {
        Self { installed, driven, settings, digests }
    }

    /// Returns a command in the unit's folder. It has no data directory: Terragrunt would use that also for the units whose
    /// outputs it reads. Instances of one folder have separate download directories.
    pub(in crate::engine) fn base_command(&self, target: &Target) -> CommandLine {
        let mut command =
            CommandLine::new(self.installed.program.as_os_str(), target.dir.clone(), (*target.env).clone())
                .env("TG_TF_PATH", self.driven.program.as_os_str());
        for (name, value) in SET {
            command = command.env(*name, *value);
        }
        command.env.remove(OsStr::new("TF_WORKSPACE"));
        if let Some(folder) = download_dir(target) {
            command = command.env("TG_DOWNLOAD_DIR", folder.as_os_str());
        }
        // Terragrunt runs an init whenever it needs one, and has no option for the flags of that init.
        if target.keeps_lockfile() {
            command = command.env(INIT_FLAGS, READ_ONLY);
        }
        command.signal = SignalTarget::Children;
        match &self.settings.plugin_cache {
            Some(cache) => command.env("TF_PLUGIN_CACHE_DIR", cache.as_os_str()),
            None => command,
        }
    }

    /// Returns `terragrunt VERB --tf-path … --non-interactive -- ARGS`.
    pub(super) fn driven_command(
        &self,
        target: &Target,
        verb: &str,
        args: impl IntoIterator<Item = OsString>,
    ) -> CommandLine {
        self.base_command(target)
            .args([verb, "--tf-path", self.driven.program.as_str(), "--non-interactive", "--"])
            .args(args)
    }

    /// Returns the command line `terragrunt render --format json`.
    pub(super) fn render_command(&self, target: &Target) -> CommandLine {
        let driven = self.driven.program.as_str();
        self.base_command(target).args([
            "render",
            "--format",
            "json",
            "--tf-path",
            driven,
            "--non-interactive",
        ])
    }
}
