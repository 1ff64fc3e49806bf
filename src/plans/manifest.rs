//! Manifest of a saved plan: the items that it is bound to, and the content that was reviewed.

use camino::Utf8Path;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Binding, ProjectKey, SealError, sealed};
use crate::model::{Changes, EnvName, PlannedDigests, RunId, StackId};

/// Purpose of the seal: a seal of another purpose does not verify.
const PURPOSE: &str = "envctl manifest 1";

/// Version of the file format.
const FORMAT: u32 = 1;

/// Manifest of one saved plan, stored beside the plan file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlanManifest {
    /// Changes that the plan would make.
    pub changes: Changes,
    /// Changes that the engine deferred to a later plan, one text each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deferred: Vec<String>,
    /// Arguments such as `-target` that restrict the plan to a part of the stack, and that come from the project's files
    /// instead of the user's command line.
    #[serde(rename = "narrowed", default, skip_serializing_if = "Vec::is_empty")]
    pub narrowing_arguments: Vec<String>,
    /// Time of the plan.
    pub created: Timestamp,
    /// SHA-256 of the diff that the review showed.
    pub diff: String,
    /// Environment that the plan was made for.
    pub environment: EnvName,
    /// Version of the file format.
    pub format: u32,
    /// Items that the plan is bound to.
    pub items: Binding,
    /// Variables whose values come from plans of other stacks: envctl makes this plan again before it is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from_plans: Vec<String>,
    /// Keyed digests of the values that the plan would set, as far as they were known.
    #[serde(rename = "known")]
    pub known_values: PlannedDigests,
    /// Notes for the user on the plan.
    pub notes: Vec<String>,
    /// Items that are recorded and not compared: paths of the engine's programs, proxy settings.
    #[serde(default)]
    pub recorded: Binding,
    /// Address of the state that is part of the review's digest.
    #[serde(default)]
    pub reviewed_address: String,
    /// Run that made the plan.
    pub run: RunId,
    /// Stacks that had already been applied when the plan was made, so that it includes their results.
    #[serde(rename = "seen")]
    pub applied_at_plan: Vec<StackId>,
    /// Stack that the plan is for.
    pub stack: StackId,
    /// True if the plan uses values that were not known.
    pub tentative: bool,
}

impl PlanManifest {
    /// Version of the format that is written.
    pub const FORMAT: u32 = FORMAT;

    /// Returns true if the plan covers only a part of the stack: the engine deferred changes, or arguments that the user
    /// did not give restricted it.
    pub fn is_incomplete(&self) -> bool {
        !self.deferred.is_empty() || !self.narrowing_arguments.is_empty()
    }

    /// Returns true if the engine deferred changes to a later plan.
    pub fn is_deferring(&self) -> bool {
        !self.deferred.is_empty()
    }

    /// Writes the manifest to a sealed file with mode 0600.
    pub fn write(&self, key: &ProjectKey, path: &Utf8Path) -> Result<(), SealError> {
        sealed::write(key, PURPOSE, path, self)
    }

    /// Reads a manifest and verifies its seal and format.
    pub fn read(key: &ProjectKey, path: &Utf8Path) -> Result<Self, SealError> {
        let manifest: Self = sealed::read(key, PURPOSE, path)?;
        if manifest.format == FORMAT {
            return Ok(manifest);
        }
        let reason = format!("it has format {}, this envctl reads format {FORMAT}", manifest.format);
        Err(SealError::Broken { path: path.to_owned(), reason })
    }
}
