//! [`UnitFinder`] that runs Terragrunt.

use std::{collections::BTreeMap, ffi::OsString};

use camino::Utf8Path;

use super::{UnitFinder, UnitFinderError};
use crate::{
    engine::terragrunt::units::{find_args, render_args},
    process::{CommandLine, Runner},
};

/// Terragrunt program with its environment, from which the caller has removed variables that must not be inherited
/// (`TG_*` …).
pub struct TerragruntFinder<'a> {
    /// Runner that starts the program.
    pub runner: &'a Runner,
    /// Name or path of the program.
    pub program: OsString,
    /// Complete environment of the program.
    pub env: BTreeMap<OsString, OsString>,
}

impl UnitFinder for TerragruntFinder<'_> {
    fn find(&self, dir: &Utf8Path) -> Result<String, UnitFinderError> {
        self.run(dir, find_args())
    }

    fn render(&self, dir: &Utf8Path) -> Result<String, UnitFinderError> {
        self.run(dir, render_args())
    }
}

impl TerragruntFinder<'_> {
    /// Runs Terragrunt in a folder with these arguments, and returns its standard output.
    fn run(&self, dir: &Utf8Path, args: Vec<OsString>) -> Result<String, UnitFinderError> {
        let command = CommandLine::new(&self.program, dir, self.env.clone()).args(args);
        let captured = self.runner.capture(&command).map_err(|error| UnitFinderError(error.to_string()))?;
        if captured.exit.is_success() {
            return String::from_utf8(captured.stdout)
                .map_err(|_| UnitFinderError("its answer is not UTF-8".to_owned()));
        }
        let stderr = String::from_utf8_lossy(&captured.stderr);
        let stderr = stderr.trim();
        let exit = captured.exit;
        Err(UnitFinderError(if stderr.is_empty() { exit.to_string() } else { format!("{exit}\n{stderr}") }))
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Runs a shell script in place of Terragrunt, and returns the folder that it ran in and its answer.
    fn answer(script: &str) -> (String, Result<String, UnitFinderError>) {
        let dir = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(dir.path()).unwrap().canonicalize_utf8().unwrap();
        // The first argument is `find`, which the shell takes for the name of a script.
        fs::write(dir.join("find"), script).unwrap();
        let runner = Runner::new();
        let finder = TerragruntFinder { runner: &runner, program: "/bin/sh".into(), env: BTreeMap::new() };
        let found = finder.find(&dir);
        (dir.into_string(), found)
    }

    #[test]
    fn it_is_run_in_the_folder_and_its_standard_output_is_the_answer() {
        let (dir, found) = answer("echo warning >&2; echo \"$PWD: $0 $*\"");
        let expected = "find --json --dependencies --reading --no-color --non-interactive";
        assert_eq!(found.unwrap(), format!("{dir}: {expected}\n"));
    }

    #[test]
    fn a_failure_is_told_with_what_it_said() {
        let (_, found) = answer("echo 'no such flag' >&2; exit 3");
        assert_eq!(found.unwrap_err().to_string(), "exit status 3\nno such flag");
    }
}
