//! Base of a run with `--changed`.

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EnvName, StackId};

/// Base of the comparison of a run with `--changed`, and the stacks that no longer exist.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedSince {
    /// Name of the base: `origin/main`.
    pub base: String,
    /// Commit where HEAD branched off from the base.
    pub commit: String,
    /// Stacks that were removed since the base and whose states still exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<GoneStack>,
}

impl ChangedSince {
    /// Returns the base for messages: `` `origin/main` (123456789abc)``.
    pub fn base_label(&self) -> String {
        base_label(&self.base, &self.commit)
    }

    /// Returns the message that no selected stack has changed.
    pub fn no_changes_message(&self) -> String {
        format!("no stack that is asked for has changed since HEAD left {}", self.base_label())
    }
}

/// Formats a base for messages: `` `origin/main` (123456789abc)``.
pub fn base_label(name: &str, commit: &str) -> String {
    format!("`{name}` ({})", short_commit(commit))
}

/// Returns the first 12 characters of a commit id.
pub fn short_commit(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

/// Stack that no longer exists in the working tree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GoneStack {
    /// Environment that the stack was in.
    #[schemars(with = "String")]
    pub environment: EnvName,
    /// Name of the stack.
    #[schemars(with = "String")]
    pub stack: StackId,
    /// Former folder of the stack, relative to environments.toml.
    #[schemars(with = "String")]
    pub path: Utf8PathBuf,
}
