//! Syntax check of one file by its engine.
//!
//! Measured on OpenTofu 1.12.6 and Terraform 1.11.4: `fmt -check FILE` exits with 0 or 3 if the engine can parse the file,
//! with 2 if it cannot, and with 2 for every file that is not named `*.tf`, `*.tfvars`, `*.tftest.hcl` or, on OpenTofu,
//! `*.tofu`. Measured on Terragrunt 1.1.3: `find` exits with 0 for broken units too; `hcl fmt --check --file FILE` exits
//! with 0, or with 1 and "needs formatting" if it can parse the file, and with 1 and "Error parsing" if it cannot; all other
//! errors exit with 1 too.

use std::{collections::BTreeMap, ffi::OsString};

use camino::Utf8Path;

use super::terragrunt::units::render_args;
use crate::{
    model::EngineName,
    process::{CommandLine, Runner},
};

/// Command that checks the syntax of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyntaxReader {
    /// Reader of modules: `fmt -check`.
    Module,
    /// Reader of units in HCL: `hcl fmt --check`.
    Unit,
    /// Reader of units in JSON: `render`, since `hcl fmt` refuses files in JSON.
    JsonUnit,
}

/// Returns the command that checks a file which `engine` would read, and the engine to run; `None` if no engine reads files
/// of its name.
///
/// The modules of Terragrunt units are checked by the engine that Terragrunt `drives`; if that is not configured, by
/// OpenTofu if `is_on_path` returns true for it, else by Terraform, as Terragrunt chooses.
pub fn reader(
    engine: EngineName,
    file: &Utf8Path,
    drives: Option<EngineName>,
    is_on_path: &dyn Fn(EngineName) -> bool,
) -> Option<(SyntaxReader, EngineName)> {
    let name = file.file_name()?;
    let ends = |ending: &str| name.ends_with(ending);
    let reads = |engine| {
        ends(".tf") || ends(".tfvars") || ends(".tftest.hcl") || (ends(".tofu") && engine == EngineName::Tofu)
    };
    match engine {
        EngineName::Terragrunt if ends(".hcl") && !ends(".tftest.hcl") => Some((SyntaxReader::Unit, engine)),
        EngineName::Terragrunt if ends(".hcl.json") => Some((SyntaxReader::JsonUnit, engine)),
        EngineName::Terragrunt => {
            let chosen =
                || [EngineName::Tofu, EngineName::Terraform].into_iter().find(|name| is_on_path(*name));
            let core = drives.or_else(chosen).filter(|name| reads(*name));
            core.map(|name| (SyntaxReader::Module, name))
        }
        EngineName::Tofu | EngineName::Terraform => reads(engine).then_some((SyntaxReader::Module, engine)),
    }
}

/// Returns true if the program can parse the file (an absolute path); the error is the reason why the check itself failed.
pub fn can_parse(
    reader: SyntaxReader,
    program: &str,
    env: BTreeMap<OsString, OsString>,
    file: &Utf8Path,
    runner: &Runner,
) -> Result<bool, String> {
    let dir = file.parent().unwrap_or(file);
    let command = CommandLine::new(program, dir, env);
    let command = match reader {
        SyntaxReader::Module => {
            command.args(["fmt", "-check", "-no-color"].map(OsString::from)).arg(file.as_str())
        }
        SyntaxReader::Unit => {
            let args = ["hcl", "fmt", "--check", "--no-color", "--non-interactive", "--file"];
            command.args(args.map(OsString::from)).arg(file.as_str())
        }
        SyntaxReader::JsonUnit => command.args(render_args()),
    };
    let captured = runner.capture(&command).map_err(|error| error.to_string())?;
    let said = |words: &str| String::from_utf8_lossy(&captured.stderr).contains(words);
    match (reader, captured.exit.code()) {
        (SyntaxReader::Module, Some(0 | 3)) | (SyntaxReader::Unit | SyntaxReader::JsonUnit, Some(0)) => {
            Ok(true)
        }
        (SyntaxReader::Module, Some(2)) => Ok(false),
        (SyntaxReader::Unit, Some(_)) if said("needs formatting") => Ok(true),
        (SyntaxReader::Unit, Some(_)) if said("Error parsing") => Ok(false),
        (SyntaxReader::JsonUnit, Some(_)) if said("Failed to parse HCL in file") => Ok(false),
        (_, _) => Err(captured.exit.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_module_of_a_unit_is_read_by_the_engine_that_terragrunt_drives() {
        let asked = |file: &str, drives, there: &[EngineName]| {
            let is_on_path = |name| there.contains(&name);
            reader(EngineName::Terragrunt, Utf8Path::new(file), drives, &is_on_path)
        };
        let (tofu, terraform) = (EngineName::Tofu, EngineName::Terraform);
        let module = |name| Some((SyntaxReader::Module, name));
        let both = [tofu, terraform];
        assert_eq!(asked("a/main.tf", Some(terraform), &both), module(terraform));
        assert_eq!(asked("a/main.tf", Some(tofu), &[terraform]), module(tofu));
        assert_eq!(asked("a/main.tf", None, &both), module(tofu));
        assert_eq!(asked("a/main.tf", None, &[terraform]), module(terraform));
        assert_eq!(asked("a/main.tofu", Some(terraform), &both), None);
        let unit = |reader| Some((reader, EngineName::Terragrunt));
        assert_eq!(asked("a/terragrunt.hcl", Some(terraform), &both), unit(SyntaxReader::Unit));
        assert_eq!(asked("a/terragrunt.hcl.json", None, &both), unit(SyntaxReader::JsonUnit));
    }
}
