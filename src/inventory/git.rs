//! How git is asked: with nothing in its environment that lets it answer for something else, or look less closely.

use std::{collections::BTreeMap, ffi::OsString};

use camino::Utf8Path;

use crate::process::{CommandLine, Runner};

/// The variables of git's that stay: where its own programs are, and that a repository may span file systems.
const KEPT: [&str; 2] = ["GIT_EXEC_PATH", "GIT_DISCOVERY_ACROSS_FILESYSTEM"];

/// Settings of a repository that would let git miss a change.
const SETTINGS: [&str; 4] =
    ["core.fsmonitor=false", "core.untrackedCache=false", "core.checkStat=default", "core.trustctime=true"];

/// The root of the repository that holds a folder.
pub(super) fn repository(dir: &Utf8Path) -> Option<&Utf8Path> {
    dir.ancestors().find(|folder| folder.join(".git").exists())
}

/// Git in a folder.
pub(super) struct Git<'r> {
    runner: &'r Runner,
    command: CommandLine,
}

impl<'r> Git<'r> {
    /// Git in a folder, with what is left of an environment.
    pub(super) fn new(runner: &'r Runner, dir: &Utf8Path, env: &BTreeMap<OsString, OsString>) -> Self {
        let mut env = env.clone();
        env.retain(|name, _| {
            let name = name.to_string_lossy();
            !name.starts_with("GIT_") || KEPT.contains(&&*name)
        });
        let settings = SETTINGS.iter().flat_map(|setting| ["-c", setting]);
        // A status must not write the index while another git works on it.
        let command = CommandLine::new("git", dir, env).args(settings).env("GIT_OPTIONAL_LOCKS", "0");
        Self { runner, command }
    }

    /// What it prints, or why it prints nothing.
    pub(super) fn ask(&self, args: &[&str]) -> Result<String, String> {
        let command = self.command.clone().args(args.iter().copied());
        let done = self.runner.capture(&command).map_err(|error| error.to_string())?;
        if done.exit.is_success() {
            return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
        }
        let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
        Err(said.lines().next().map_or_else(|| done.exit.to_string(), str::to_owned))
    }
}
