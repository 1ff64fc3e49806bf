//! The review of a run: what every stack would change, as one thing to confirm.

use jiff::Timestamp;

use crate::model::{ChangeCounts, EnvName, Outcome, StackId};

/// Where a plan would change a state, as the digest of the review takes it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StatePlace {
    /// Workspace of the engine.
    pub workspace: String,
    /// Address of the state without credentials; a local path is relative to environments.toml.
    pub address: String,
}

/// One stack of a review.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewStack {
    /// Which.
    pub stack: StackId,
    /// How its plan ended.
    pub outcome: Outcome,
    /// Where it would change a state; empty for a stack without changes.
    pub place: StatePlace,
    /// The engine's own diff, without colour; empty for a clean plan.
    pub diff: String,
    /// Whether the plan rests on values that are not known yet.
    pub tentative: bool,
    /// True if only a part of the stack was planned: `--target`, `--without`, or changes that the engine deferred.
    pub incomplete: bool,
    /// When the plan was made.
    pub planned_at: Option<Timestamp>,
    /// What a person should know.
    pub notes: Vec<String>,
}

impl ReviewStack {
    /// A stack of which nothing but the outcome is known.
    pub fn new(stack: StackId, outcome: Outcome) -> Self {
        Self {
            stack,
            outcome,
            place: StatePlace::default(),
            diff: String::new(),
            tentative: false,
            incomplete: false,
            planned_at: None,
            notes: Vec::new(),
        }
    }
}

/// What a run would do, in dependency order.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// Where.
    pub environment: EnvName,
    /// Whether everything is to be destroyed.
    pub destroy: bool,
    /// The stacks.
    pub stacks: Vec<ReviewStack>,
}

impl Review {
    /// How many of each kind, over all stacks.
    pub fn totals(&self) -> ChangeCounts {
        let mut totals = ChangeCounts::default();
        for changes in self.stacks.iter().filter_map(|s| s.outcome.changes()) {
            totals += changes.counts();
        }
        totals
    }

    /// The stacks that an apply would change.
    pub fn changed(&self) -> impl Iterator<Item = &ReviewStack> {
        self.stacks.iter().filter(|s| matches!(s.outcome, Outcome::Changed(_)))
    }

    /// The stacks without a plan: failed, refused, skipped or interrupted. A review with such holes is not confirmed.
    pub fn unplanned(&self) -> impl Iterator<Item = &ReviewStack> {
        self.stacks
            .iter()
            .filter(|s| !matches!(s.outcome, Outcome::Clean | Outcome::Changed(_) | Outcome::Deferred { .. }))
            .filter(|s| !s.outcome.is_excluded())
    }

    /// The digest of the review's content, 64 hex digits: equal for equal content, whatever run, time or plan file.
    pub fn digest(&self) -> String {
        super::digest::of(self)
    }
}
