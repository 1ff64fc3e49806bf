//! Stack that a survey found.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use super::open_backends::Pairs;

/// Stack that gets a table in environments.toml.
#[derive(Debug)]
pub(super) struct DraftStack {
    /// Name of the stack.
    pub(super) name: String,
    /// Folder as a template over the environment.
    pub(super) path: String,
    /// Folder by environment, for the environments that have the stack.
    pub(super) dirs: BTreeMap<String, Utf8PathBuf>,
    /// Var files as templates.
    pub(super) var_files: Vec<String>,
    /// Pairs that complete its backend block.
    pub(super) pairs: Option<Pairs>,
    /// True if its environments are workspaces.
    pub(super) workspaces: bool,
    /// Stacks whose states it reads, by name.
    pub(super) needs: Vec<String>,
    /// Layout of its environments.
    pub(super) kind: EnvironmentLayout,
}

/// Layout of a stack's environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EnvironmentLayout {
    /// Folder per environment.
    Directories,
    /// Single folder for all environments.
    OneRoot,
    /// Folder without a sign of an environment.
    Alone(Utf8PathBuf),
}
