//! One line of the checklist.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    diagnostic::{Diagnostics, Severity},
    model::EnvName,
    ui::Count,
};

/// What an item is about: the words of `require`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckName {
    /// environments.toml, the stacks' files, and that they fit together.
    Config,
    /// No two instances share a state.
    Isolation,
    /// The backends can be used.
    Backend,
    /// The lockfiles belong to the engines.
    Lockfiles,
    /// Secrets are not given away or overridden.
    Secrets,
    /// The engines are there at versions that are allowed.
    Versions,
    /// Whoever acts is who may.
    Identity,
    /// HEAD is where changes are made from.
    Branch,
    /// Everything is committed.
    Tree,
    /// The guards that can be judged without a plan.
    Guards,
}

impl CheckName {
    /// Whether it is about files and programs, not about the circumstances of a change.
    pub fn is_of_files(self) -> bool {
        !matches!(self, Self::Identity | Self::Branch | Self::Tree | Self::Guards)
    }
}

impl CheckName {
    /// The word of `require` and of the checklist.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::Isolation => "isolation",
            Self::Backend => "backend",
            Self::Lockfiles => "lockfiles",
            Self::Secrets => "secrets",
            Self::Versions => "versions",
            Self::Identity => "identity",
            Self::Branch => "branch",
            Self::Tree => "tree",
            Self::Guards => "guards",
        }
    }
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// How an item stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// Nothing is wrong.
    Green,
    /// It takes more than the files to tell.
    Unknown,
    /// Something is wrong.
    Red,
}

/// One line of the checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckItem {
    /// What it is about.
    pub name: CheckName,
    /// The environment; absent for what concerns the whole project.
    pub environment: Option<EnvName>,
    /// How it stands.
    pub status: CheckStatus,
    /// One sentence, lower case, without full stop.
    pub message: String,
    /// What was found, each with its place.
    pub diagnostics: Diagnostics,
}

impl CheckItem {
    /// An item from what was found: red with errors in it, else green; `fine` says what is fine then.
    pub(super) fn judge(
        name: CheckName,
        environment: Option<&EnvName>,
        diagnostics: Diagnostics,
        fine: impl Into<String>,
    ) -> Self {
        let errors = diagnostics.0.iter().filter(|d| d.severity == Severity::Error).count();
        let (status, message) = match errors {
            0 => (CheckStatus::Green, fine.into()),
            errors => (CheckStatus::Red, Count(errors as u64, "problem").to_string()),
        };
        Self { name, environment: environment.cloned(), status, message, diagnostics }
    }
}
