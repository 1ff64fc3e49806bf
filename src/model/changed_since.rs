//! Base of a run with `--changed`.

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{EnvName, StackId};

/// Since when something counts as changed, and what is gone since then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangedSince {
    /// The name of the base: `origin/main`.
    pub base: String,
    /// The commit where HEAD left it.
    pub commit: String,
    /// The stacks that are gone since then, whose states still exist.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<GoneStack>,
}

impl ChangedSince {
    /// Returns the base for messages: `` `origin/main` (123456789abc)``.
    pub fn shown(&self) -> String {
        shown_base(&self.base, &self.commit)
    }

    /// Returns the message that no selected stack has changed.
    pub fn nothing(&self) -> String {
        format!("no stack that is asked for has changed since HEAD left {}", self.shown())
    }
}

/// Formats a base for messages: `` `origin/main` (123456789abc)``.
pub fn shown_base(name: &str, commit: &str) -> String {
    format!("`{name}` ({})", short_commit(commit))
}

/// Returns the first 12 characters of a commit id.
pub fn short_commit(commit: &str) -> &str {
    commit.get(..12).unwrap_or(commit)
}

/// A stack that is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GoneStack {
    /// The environment that it was in.
    #[schemars(with = "String")]
    pub environment: EnvName,
    /// Its name.
    #[schemars(with = "String")]
    pub stack: StackId,
    /// The folder that it had, relative to environments.toml.
    #[schemars(with = "String")]
    pub path: Utf8PathBuf,
}
