//! One stack as it was found.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use super::partial::Pairs;

/// A stack that is worth a table in environments.toml.
#[derive(Debug)]
pub(super) struct FoundStack {
    /// Its name.
    pub(super) name: String,
    /// Its folder as a template over the environment.
    pub(super) path: String,
    /// Its folder in each environment that it exists in.
    pub(super) dirs: BTreeMap<String, Utf8PathBuf>,
    /// The var files that it is given.
    pub(super) var_files: Vec<String>,
    /// The pairs that its backend needs.
    pub(super) pairs: Option<Pairs>,
    /// Whether its environments are workspaces.
    pub(super) workspaces: bool,
    /// The stacks whose states it reads, by name.
    pub(super) needs: Vec<String>,
    /// What it is, in words.
    pub(super) kind: Kind,
}

/// How the environments of a stack are told apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Each has a folder.
    Directories,
    /// One folder for all.
    OneRoot,
    /// This folder, and nothing tells an environment.
    Alone(Utf8PathBuf),
}
