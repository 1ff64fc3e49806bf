//! What the verbs that run engines over an environment are asked for.

use camino::Utf8PathBuf;

use crate::{executor::Confirmation, graph::Selection};

/// What a failure stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// What depends on it.
    AtDependents,
    /// Everything that has not started.
    AtFirstFailure,
}

/// A run over an environment and its stacks.
#[derive(Debug, Clone)]
pub struct RunRequest {
    /// The environment, by name or alias.
    pub environment: Option<String>,
    /// Which stacks.
    pub selection: Selection,
    /// `-target`
    pub targets: Vec<String>,
    /// `-replace`
    pub replace: Vec<String>,
    /// Instances, as `ENV/STACK`, whose state may be another than the last known one.
    pub accept_lineage: Vec<String>,
    /// What a failure stops.
    pub stop: Stop,
    /// Print the report as JSON.
    pub json: bool,
    /// Write the report here.
    pub report: Option<Utf8PathBuf>,
    /// Append a Markdown summary here.
    pub summary: Option<Utf8PathBuf>,
}

/// The answers to the gate, given in advance.
#[derive(Debug, Clone)]
pub struct Confirm {
    /// `--confirm`, plain or with a digest.
    pub confirmation: Option<Confirmation>,
    /// `--yes`
    pub yes: bool,
    /// Whether a plan that was made again is applied even beyond what was confirmed.
    pub accept_replans: bool,
}
