//! What a planning run was asked for, kept beside its plans: applying them later takes all of it from here.

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use super::{Key, SealError, sealed};
use crate::model::{EnvName, RunId, StackId};

/// What its seal is for.
const PURPOSE: &str = "envctl request 1";

/// What a planning run was asked for. It may hold values of variables: its file is 0600 and is never shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AskedFor {
    /// The verb.
    pub command: String,
    /// Whether everything was to be destroyed.
    pub destroy: bool,
    /// The environment.
    pub environment: EnvName,
    /// `--without`
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<String>,
    /// `--replace`
    pub replace: Vec<String>,
    /// The run.
    pub run: RunId,
    /// `--set`
    pub sets: Vec<(String, String)>,
    /// The stacks that were selected.
    pub stacks: Vec<StackId>,
    /// `--target`
    pub targets: Vec<String>,
    /// `--var`
    pub vars: Vec<(String, String)>,
    /// True if the values of `--set` and `--var` were removed when the run was over: it can be neither applied nor resumed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub values_removed: bool,
}

impl AskedFor {
    /// Returns it without the values of `--set` and `--var`.
    #[must_use]
    pub fn without_values(self) -> Self {
        Self { sets: Vec::new(), vars: Vec::new(), values_removed: true, ..self }
    }

    /// Writes it, 0600, sealed.
    pub fn write(&self, key: &Key, path: &Utf8Path) -> Result<(), SealError> {
        sealed::write(key, PURPOSE, path, self)
    }

    /// Reads one whose seal fits.
    pub fn read(key: &Key, path: &Utf8Path) -> Result<Self, SealError> {
        sealed::read(key, PURPOSE, path)
    }
}
