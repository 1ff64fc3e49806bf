//! Record of a plan without changes, for `--reuse`: as long as its inputs are equal, the plan need not run
//! again.

use camino::Utf8Path;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Binding, ProjectKey, SealError, sealed};
use crate::model::RunId;

/// Purpose of the seal: a seal of another purpose does not verify.
const PURPOSE: &str = "envctl clean plan 1";

/// Plan without changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CleanPlan {
    /// Time of the plan.
    pub created: Timestamp,
    /// Inputs of the plan: files, variables, state …
    pub items: Binding,
    /// Run that made the plan.
    pub run: RunId,
}

impl CleanPlan {
    /// Writes the record to a sealed file with mode 0600.
    pub fn write(&self, key: &ProjectKey, path: &Utf8Path) -> Result<(), SealError> {
        sealed::write(key, PURPOSE, path, self)
    }

    /// Reads a record and verifies its seal.
    pub fn read(key: &ProjectKey, path: &Utf8Path) -> Result<Self, SealError> {
        sealed::read(key, PURPOSE, path)
    }
}
