//! What a clean plan rested on: as long as all of it is the same, so is the plan.

use camino::Utf8Path;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Binding, Key, SealError, sealed};
use crate::model::RunId;

/// What its seal is for.
const PURPOSE: &str = "envctl clean plan 1";

/// A plan that found nothing to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CleanPlan {
    /// When it was made.
    pub created: Timestamp,
    /// What it rested on.
    pub items: Binding,
    /// The run that made it.
    pub run: RunId,
}

impl CleanPlan {
    /// Writes it, 0600, sealed.
    pub fn write(&self, key: &Key, path: &Utf8Path) -> Result<(), SealError> {
        sealed::write(key, PURPOSE, path, self)
    }

    /// Reads one whose seal fits.
    pub fn read(key: &Key, path: &Utf8Path) -> Result<Self, SealError> {
        sealed::read(key, PURPOSE, path)
    }
}
