//! Changes of a stack's inputs since a commit, for `--changed`.

use std::{collections::BTreeMap, fmt};

use crate::model::StackId;

/// Commit since which a stack must have changed to be selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Since {
    /// Commit where HEAD left the default branch.
    Default,
    /// Commit where HEAD left this revision, as the user typed it.
    Commit(String),
}

/// Changed stacks, each with its changes.
pub type ChangedStacks = BTreeMap<StackId, Vec<Change>>;

/// Changed input of a stack.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// Kind of input.
    pub kind: InputKind,
    /// Path of the changed file, relative to the folder of environments.toml if it lies below; for a setting its key.
    pub path: String,
    /// Number of further changes of this kind.
    pub further_count: usize,
}

/// Kind of input that a stack is planned from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum InputKind {
    /// The stack is new.
    New,
    /// File in the stack's folder.
    File,
    /// Lockfile of the stack.
    Lockfile,
    /// Var file outside the stack's folder.
    VarFile,
    /// File that completes the backend block.
    BackendFile,
    /// File of a local module.
    Module,
    /// File that a Terragrunt unit includes or reads.
    Include,
    /// File that a Terragrunt unit is generated from: its stack file, or a file that this includes or reads.
    StackFile,
    /// File in a local folder that a Terragrunt unit is generated from.
    UnitSource,
    /// Other file that the HCL of the stack names, such as in `file("…")`.
    HclFile,
    /// File that the setting `files` of environments.toml names.
    FilesSetting,
    /// File that holds the value of a secret.
    Secret,
    /// File of a program that a hook runs.
    Hook,
    /// Version file above the stack that selects its engine or the engine's version.
    Version,
    /// CLI configuration file of the engine.
    CliConfig,
    /// Shared file from which providers read their account, such as `~/.aws/config`.
    Account,
    /// Program of the engine, or of the engine that Terragrunt runs, if it lies in the repository.
    Program,
    /// Setting in environments.toml.
    Setting,
    /// Module whose source is an expression; the path of the change is that of the calling file.
    ComputedSource,
    /// File that the HCL of the stack reads at a computed path; the path of the change is that of the file with the
    /// expression.
    ComputedPath,
    /// Input at a path that git does not track.
    Untracked,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            InputKind::New => "new",
            InputKind::File => "changed",
            InputKind::Lockfile => "changed lockfile",
            InputKind::VarFile => "changed var file",
            InputKind::BackendFile => "changed backend file",
            InputKind::Module => "changed module",
            InputKind::Include => "changed include",
            InputKind::StackFile => "changed stack file",
            InputKind::UnitSource => "changed source of a unit",
            InputKind::HclFile => "changed file that HCL names",
            InputKind::FilesSetting => "changed file of `files`",
            InputKind::Secret => "changed file of a secret",
            InputKind::Hook => "changed file of a hook",
            InputKind::Version => "changed version file",
            InputKind::CliConfig => "changed CLI config",
            InputKind::Account => "changed account settings",
            InputKind::Program => "changed program of the engine",
            InputKind::Setting => "changed setting",
            InputKind::ComputedSource => "a module's source is an expression, which only an init works out",
            InputKind::ComputedPath => {
                "the path of a file that is read is an expression, which only the engine works out"
            }
            InputKind::Untracked => "not in the repository",
        };
        write!(f, "{what}: {}", self.path)?;
        if self.further_count > 0 { write!(f, " and {} more", self.further_count) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_says_what_it_is_and_where() {
        let change = |kind, further_count| {
            Change { kind, path: "modules/label/main.tf".to_owned(), further_count }.to_string()
        };
        assert_eq!(change(InputKind::Module, 0), "changed module: modules/label/main.tf");
        assert_eq!(change(InputKind::File, 2), "changed: modules/label/main.tf and 2 more");
    }
}
