//! Handling of a workspace that does not exist.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Creation of a missing workspace. A workspace name with a typo must not create one unasked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CreateWorkspace {
    /// Ask on a terminal; refuse without one.
    #[default]
    Ask,
    /// envctl creates the workspace.
    Always,
    /// envctl refuses to run without the workspace.
    Never,
}
