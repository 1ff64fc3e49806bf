//! Handling of a workspace that does not exist.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Whether a missing workspace may be made: a typo must never make one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CreateWorkspace {
    /// Ask on a terminal; refuse without one.
    #[default]
    Ask,
    /// Make it.
    Always,
    /// Refuse.
    Never,
}
