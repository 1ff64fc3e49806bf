//! Estimates of durations, from the durations of earlier runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What was expected of a run before it was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Eta {
    /// Of its first plans.
    pub plan: Option<Expected>,
    /// Of applying what was reviewed first.
    pub apply: Option<Expected>,
}

/// What is expected of steps that run side by side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Expected {
    /// Seconds from the first start to the last end; null when no earlier run has ended such a step.
    pub seconds: Option<f64>,
    /// How many steps.
    pub steps: usize,
    /// How many of them never ended in an earlier run: each counts as the stack in the middle.
    pub without_history: usize,
    /// How many at once at the most, as limits, edges and their number let them.
    pub jobs: usize,
}
