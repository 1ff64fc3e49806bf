//! Start of git with a cleaned environment: no variable redirects git to another repository or hides changed files.

use std::{collections::BTreeMap, ffi::OsString};

use camino::Utf8Path;

use crate::process::{CommandLine, Runner};

/// Environment variables of git that envctl passes on: the folder of git's programs, and permission to search a repository
/// across file systems.
const KEPT_VARIABLES: [&str; 2] = ["GIT_EXEC_PATH", "GIT_DISCOVERY_ACROSS_FILESYSTEM"];

/// Settings that envctl gives to git, since those of the repository could make git miss a change.
const OVERRIDES: [&str; 4] =
    ["core.fsmonitor=false", "core.untrackedCache=false", "core.checkStat=default", "core.trustctime=true"];

/// Returns the root of the repository that holds a folder.
pub(crate) fn repository_root(dir: &Utf8Path) -> Option<&Utf8Path> {
    dir.ancestors().find(|folder| folder.join(".git").exists())
}

/// One git command, to run in a folder.
pub(crate) struct Git<'r> {
    runner: &'r Runner,
    command: CommandLine,
}

impl<'r> Git<'r> {
    /// Prepares git in a folder, without the variables `GIT_*` of the environment.
    pub(crate) fn new(runner: &'r Runner, dir: &Utf8Path, env: &BTreeMap<OsString, OsString>) -> Self {
        let mut env = env.clone();
        env.retain(|name, _| {
            let name = name.to_string_lossy();
            !name.starts_with("GIT_") || KEPT_VARIABLES.contains(&&*name)
        });
        let settings = OVERRIDES.iter().flat_map(|setting| ["-c", setting]);
        // A status must not write the index while another git works on it.
        let command = CommandLine::new("git", dir, env).args(settings).env("GIT_OPTIONAL_LOCKS", "0");
        Self { runner, command }
    }

    /// Prepares git in another folder, with the environment of this command.
    pub(crate) fn in_folder(&self, dir: &Utf8Path) -> Self {
        Self { runner: self.runner, command: CommandLine { dir: dir.to_owned(), ..self.command.clone() } }
    }

    /// Runs git and returns its standard output. The error is the first line of git's standard error, else its exit code.
    pub(crate) fn output_of(&self, args: &[&str]) -> Result<String, String> {
        let command = self.command.clone().args(args.iter().copied());
        let done = self.runner.capture(&command).map_err(|error| error.to_string())?;
        if done.exit.is_success() {
            return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
        }
        let stderr = String::from_utf8_lossy(&done.stderr).trim().to_owned();
        Err(stderr.lines().next().map_or_else(|| done.exit.to_string(), str::to_owned))
    }
}
