//! Who answered a gate, and with what.

use serde::{Deserialize, Serialize};

/// What is kept of a gate beside its answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GateRecord {
    /// Who, as the operating system or CI names them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// On which machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// As whom the engines act, when the environment asks for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The digest of the review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// What was let through by name: the `--allow`s that had something to do.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// The items of the checklist that somebody said yes to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub acked: Vec<String>,
}
