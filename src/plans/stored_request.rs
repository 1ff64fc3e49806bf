//! Request of a planning run (verb, selection, `--set`, `--var` …), stored beside its plans. Applying or
//! resuming the run later reads all of it from here.

use camino::Utf8Path;
use serde::{Deserialize, Serialize};

use super::{ProjectKey, SealError, sealed};
use crate::model::{EnvName, RunId, RunVerb, StackId};

/// Purpose of the seal: a seal of another purpose does not verify.
const PURPOSE: &str = "envctl request 1";

/// Request of a planning run. May hold values of variables: its file has mode 0600 and is never printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredRequest {
    /// Verb of the run: `plan`, `deploy` …
    pub command: RunVerb,
    /// True if the run destroys all selected stacks.
    pub destroy: bool,
    /// Environment of the run.
    pub environment: EnvName,
    /// Values of the flag `--without`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub excludes: Vec<String>,
    /// Values of the flag `--replace`.
    pub replace: Vec<String>,
    /// Id of the planning run.
    pub run: RunId,
    /// Values of the flag `--set`.
    pub sets: Vec<(String, String)>,
    /// Stacks that the user selected.
    pub stacks: Vec<StackId>,
    /// Values of the flag `--target`.
    pub targets: Vec<String>,
    /// Values of the flag `--var`.
    pub vars: Vec<(String, String)>,
    /// True if the values of `--set` and `--var` were removed when the run was over: such a run can be
    /// neither applied nor resumed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub values_removed: bool,
}

impl StoredRequest {
    /// Returns the request without the values of `--set` and `--var`.
    #[must_use]
    pub fn without_values(self) -> Self {
        Self { sets: Vec::new(), vars: Vec::new(), values_removed: true, ..self }
    }

    /// Writes the request to a sealed file with mode 0600.
    pub fn write(&self, key: &ProjectKey, path: &Utf8Path) -> Result<(), SealError> {
        sealed::write(key, PURPOSE, path, self)
    }

    /// Reads a request and verifies its seal.
    pub fn read(key: &ProjectKey, path: &Utf8Path) -> Result<Self, SealError> {
        sealed::read(key, PURPOSE, path)
    }
}
