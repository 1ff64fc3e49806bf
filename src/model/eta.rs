//! Estimates of durations, from the durations of earlier runs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Estimated duration of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Eta {
    /// Estimate of the plan steps of the first round.
    pub plan: Option<Expected>,
    /// Estimate of the apply steps of the first round.
    pub apply: Option<Expected>,
}

/// Estimate of steps that run in parallel.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Expected {
    /// Seconds from the first start to the last end; null when no earlier run has ended such a step.
    pub seconds: Option<f64>,
    /// Number of steps.
    pub steps: usize,
    /// Number of steps without a duration from an earlier run; each counts with the median.
    pub without_history: usize,
    /// Highest number of steps at once, as limits, dependencies and the number of steps allow.
    pub jobs: usize,
}
