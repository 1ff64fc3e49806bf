//! The manifest of a saved plan: what it is bound to, and what was reviewed of it.

use camino::Utf8Path;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Binding, Key, SealError, sealed};
use crate::model::{Changes, EnvName, KnownValues, RunId, StackId};

/// What its seal is for.
const PURPOSE: &str = "envctl manifest 1";

/// The version of its format.
const FORMAT: u32 = 1;

/// The manifest of one saved plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What the plan would do.
    pub changes: Changes,
    /// Changes that the engine left for a later plan, one text for each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub deferred: Vec<String>,
    /// When it was planned.
    pub created: Timestamp,
    /// SHA-256 of the diff that was shown.
    pub diff: String,
    /// The environment that it was planned for.
    pub environment: EnvName,
    /// The version of this format.
    pub format: u32,
    /// What it is bound to.
    pub items: Binding,
    /// The variables whose values only the plans of other stacks told: it is made again before it is applied.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from_plans: Vec<String>,
    /// Keyed digests of what it knew of the values that it would set.
    pub known: KnownValues,
    /// What a person was told beside the changes.
    pub notes: Vec<String>,
    /// Circumstances that are not compared: where the programs of its engine were, and proxies.
    #[serde(default)]
    pub recorded: Binding,
    /// Where its state lies, as the digest of the review takes it.
    #[serde(default)]
    pub reviewed_address: String,
    /// The run that planned it.
    pub run: RunId,
    /// The stacks that were applied already when it was planned: it has seen them.
    pub seen: Vec<StackId>,
    /// The stack.
    pub stack: StackId,
    /// Whether it rests on values that were not known.
    pub tentative: bool,
}

impl Manifest {
    /// The version of the format that is written.
    pub const FORMAT: u32 = FORMAT;

    /// Returns true if the engine left something for a later plan.
    pub fn is_deferring(&self) -> bool {
        !self.deferred.is_empty()
    }

    /// Writes it, 0600, sealed.
    pub fn write(&self, key: &Key, path: &Utf8Path) -> Result<(), SealError> {
        sealed::write(key, PURPOSE, path, self)
    }

    /// Reads one whose seal fits.
    pub fn read(key: &Key, path: &Utf8Path) -> Result<Self, SealError> {
        let manifest: Self = sealed::read(key, PURPOSE, path)?;
        if manifest.format == FORMAT {
            return Ok(manifest);
        }
        let reason = format!("it has format {}, this envctl reads format {FORMAT}", manifest.format);
        Err(SealError::Broken { path: path.to_owned(), reason })
    }
}
