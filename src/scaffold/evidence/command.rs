//! Arguments of engines in scripts, with the folders that they apply to.

use camino::{Utf8Path, Utf8PathBuf};
use regex::Regex;

use super::substitution::{ENVIRONMENT, REPOSITORY, SCRIPT_FOLDER, UNKNOWN};
use crate::files::normalised;

/// Names of folders that hold scripts for the folder above.
const SCRIPT_FOLDERS: [&str; 14] = [
    "bin",
    "scripts",
    "script",
    "tools",
    "ci",
    "hack",
    ".github",
    ".circleci",
    ".gitlab",
    ".ci",
    ".buildkite",
    ".azuredevops",
    "pipelines",
    "docs",
];

/// Argument that a script passes to an engine; texts have signs for what the script does not set.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in super::super) enum ScriptFact {
    /// Path in `-var-file`.
    VarFile(String),
    /// Path in `-backend-config`.
    BackendFile(String),
    /// Pair in `-backend-config`.
    BackendPair {
        /// Key of the backend.
        key: String,
        /// Value.
        value: String,
    },
    /// Workspace that is selected or created.
    Workspace(String),
}

/// Folder in which a command runs, as far as the script tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) enum CommandFolder {
    /// Working directory of whoever starts the script.
    Inherited,
    /// Path that `cd`, `-chdir` or `working-directory` names.
    Named(String),
}

/// Argument of an engine in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct ScriptCommand {
    /// Path of the script, relative to the repository.
    pub(in super::super) script: Utf8PathBuf,
    /// Folder in which the engine runs.
    pub(in super::super) folder: CommandFolder,
    /// Argument.
    pub(in super::super) fact: ScriptFact,
}

/// Closeness of a command to a stack; greater is closer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Closeness {
    /// The script stands above the stack, at this depth, and names no folder.
    Above(usize),
    /// The script names a folder that could be the stack's: a part of its path is a variable.
    Pattern,
    /// The script names the stack's folder or stands in it.
    Own,
}

/// Returns the folder that a script is for: that of the script without folders that hold scripts.
pub(super) fn home_of(script: &Utf8Path) -> Utf8PathBuf {
    let folder = script.parent().unwrap_or(Utf8Path::new(""));
    folder.components().map(|part| part.as_str()).take_while(|part| !SCRIPT_FOLDERS.contains(part)).collect()
}

impl ScriptCommand {
    /// Returns the closeness of this command to the stack in a folder; `None` if the command is for other folders.
    pub(in super::super) fn closeness(&self, stack: &Utf8Path) -> Option<Closeness> {
        let home = home_of(&self.script);
        match &self.folder {
            CommandFolder::Inherited if home == stack => Some(Closeness::Own),
            CommandFolder::Inherited => {
                stack.starts_with(&home).then(|| Closeness::Above(home.components().count()))
            }
            CommandFolder::Named(folder) => {
                let folders = self.absolute(folder, &[Utf8Path::new(""), &home, self.script_folder()]);
                let has_variable = folder.contains([ENVIRONMENT, UNKNOWN]);
                let closeness = if has_variable { Closeness::Pattern } else { Closeness::Own };
                let matches = |folder: &String| {
                    let fixed = folder.split([ENVIRONMENT, UNKNOWN]).next().unwrap_or_default();
                    if has_variable {
                        stack.as_str().starts_with(fixed)
                            && folder_pattern(folder).is_some_and(|pattern| pattern.is_match(stack.as_str()))
                    } else {
                        folder == stack
                    }
                };
                let is_near = !has_variable || stack.starts_with(&home);
                (is_near && folders.iter().any(matches)).then_some(closeness)
            }
        }
    }

    /// Returns the folder of the script.
    pub(in super::super) fn script_folder(&self) -> &Utf8Path {
        self.script.parent().unwrap_or(Utf8Path::new(""))
    }

    /// Returns the paths that a path can mean, relative to the repository: from these folders, or from the folder that the
    /// path itself begins with.
    pub(in super::super) fn absolute(&self, path: &str, folders: &[&Utf8Path]) -> Vec<String> {
        let from = |folder: &Utf8Path, rest: &str| {
            let path = normalised(&folder.join(rest.trim_start_matches('/')));
            (!path.starts_with("..")).then(|| path.into_string())
        };
        if let Some(rest) = path.strip_prefix(REPOSITORY) {
            return from(Utf8Path::new(""), rest).into_iter().collect();
        }
        if let Some(rest) = path.strip_prefix(SCRIPT_FOLDER) {
            return from(self.script_folder(), rest).into_iter().collect();
        }
        if path.starts_with(['/', '~']) {
            return Vec::new();
        }
        let mut paths: Vec<String> = folders.iter().filter_map(|folder| from(folder, path)).collect();
        paths.dedup();
        paths
    }
}

/// Returns the expression for the folders that a path with signs can mean.
fn folder_pattern(folder: &str) -> Option<Regex> {
    let mut pattern = String::from("^");
    for (at, part) in folder.split('/').enumerate() {
        if at > 0 {
            pattern.push('/');
        }
        if part.len() == 1 && part.starts_with(UNKNOWN) {
            pattern.push_str(".+");
            continue;
        }
        for c in part.chars() {
            match c {
                ENVIRONMENT | UNKNOWN => pattern.push_str("[^/]+"),
                c => pattern.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
            }
        }
    }
    pattern.push('$');
    Regex::new(&pattern).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn closeness(script: &str, folder: Option<&str>, stack: &str) -> Option<Closeness> {
        let folder = folder.map_or(CommandFolder::Inherited, |f| CommandFolder::Named(f.to_owned()));
        let fact = ScriptFact::Workspace("x".to_owned());
        ScriptCommand { script: script.into(), folder, fact }.closeness(Utf8Path::new(stack))
    }

    #[test]
    fn a_script_speaks_for_stacks_below_it() {
        assert_eq!(closeness("a/scripts/plan.sh", None, "a"), Some(Closeness::Own));
        assert_eq!(closeness("a/Makefile", None, "a/b"), Some(Closeness::Above(1)));
        assert_eq!(closeness("a/Makefile", None, "b"), None);
        assert_eq!(closeness(".github/workflows/x.yml", None, "b"), Some(Closeness::Above(0)));
    }

    #[test]
    fn a_script_that_names_a_folder_speaks_for_that_one() {
        assert_eq!(closeness(".github/workflows/x.yml", Some("infra/a"), "infra/a"), Some(Closeness::Own));
        assert_eq!(closeness(".github/workflows/x.yml", Some("infra/a"), "infra/b"), None);
        assert_eq!(closeness("a/plan.sh", Some("../b"), "b"), Some(Closeness::Own));
        let variable = format!("infra/{UNKNOWN}/service");
        assert_eq!(closeness("Makefile", Some(&variable), "infra/api/service"), Some(Closeness::Pattern));
        assert_eq!(closeness("Makefile", Some(&variable), "infra/api"), None);
        assert_eq!(closeness("x/run.sh", Some(&UNKNOWN.to_string()), "y"), None);
    }
}
