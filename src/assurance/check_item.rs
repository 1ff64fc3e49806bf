//! Line of the checklist that `check` prints.

use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    diagnostic::{Diagnostics, Severity},
    model::EnvName,
    ui::Count,
};

/// Subject of a checklist item, in the words of `require`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CheckName {
    /// environments.toml, the stacks' files, and their consistency.
    Config,
    /// No two instances share a state.
    Isolation,
    /// The backends are usable.
    Backend,
    /// The lockfiles were written by the stacks' engines.
    Lockfiles,
    /// No secret is leaked or overridden.
    Secrets,
    /// The engines are installed in allowed versions.
    Versions,
    /// The acting identity is the allowed one.
    Identity,
    /// HEAD is on an allowed branch and up to date.
    Branch,
    /// The work tree is clean.
    Tree,
    /// The guards that need no plan.
    Guards,
}

impl CheckName {
    /// Returns true if the item is about files and programs, and not about identity, git or guards.
    pub fn is_of_files(self) -> bool {
        !matches!(self, Self::Identity | Self::Branch | Self::Tree | Self::Guards)
    }
}

impl CheckName {
    /// Returns the word that `require` and the checklist use.
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

/// Status of a checklist item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CheckStatus {
    /// No problem was found.
    Green,
    /// The files alone do not show the result.
    Unknown,
    /// A problem was found.
    Red,
}

/// Line of the checklist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckItem {
    /// Subject of the item.
    pub name: CheckName,
    /// Environment that is checked; `None` for the whole project.
    pub environment: Option<EnvName>,
    /// Status of the item.
    pub status: CheckStatus,
    /// One sentence in lower case, without full stop.
    pub message: String,
    /// Findings, each with its place in a file.
    pub diagnostics: Diagnostics,
}

impl CheckItem {
    /// Makes an item from findings: red if one of the findings is an error, else green with the message `fine`.
    pub(super) fn from_findings(
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
