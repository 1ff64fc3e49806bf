//! Stack that `envctl init` found in a repository.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use super::incomplete_backends::DraftPairs;

/// Stack that gets a table in environments.toml.
#[derive(Debug)]
pub(super) struct DraftStack {
    /// Name of the stack.
    pub(super) name: String,
    /// Folder, with `{env}` for the name of the environment.
    pub(super) path: String,
    /// Folder by environment, for the environments that have the stack.
    pub(super) dirs: BTreeMap<String, Utf8PathBuf>,
    /// Paths of var files, with `{env}` for the name of the environment.
    pub(super) var_files: Vec<String>,
    /// Key-value pairs that complete its backend block.
    pub(super) pairs: Option<DraftPairs>,
    /// True if its environments are workspaces.
    pub(super) uses_workspaces: bool,
    /// Stacks whose states it reads, by name.
    pub(super) needs: Vec<String>,
    /// Layout of the folders of its environments.
    pub(super) layout: EnvironmentLayout,
}

/// Layout of a stack's environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EnvironmentLayout {
    /// Folder per environment.
    Directories,
    /// Single folder for all environments.
    SingleFolder,
    /// Folder without a sign of an environment.
    NoEnvironment(Utf8PathBuf),
}
