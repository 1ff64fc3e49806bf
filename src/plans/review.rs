//! Review of a run: the changes of all stacks, for the user to confirm together.

use jiff::Timestamp;

use crate::model::{ChangeCounts, EnvName, Outcome, ResourceChange, StackId};

/// State that a plan would change, as far as it is part of the review's digest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewedState {
    /// Workspace of the engine.
    pub workspace: String,
    /// Address of the state without credentials; a local path is relative to environments.toml.
    pub address: String,
}

/// Stack of a review.
#[derive(Debug, Clone, PartialEq)]
pub struct ReviewStack {
    /// Name of the stack.
    pub stack: StackId,
    /// Outcome of the stack's plan.
    pub outcome: Outcome,
    /// State that its plan would change; empty for a stack without changes.
    pub state: ReviewedState,
    /// Diff that the engine printed, without colour; empty for a plan without changes.
    pub diff: String,
    /// True if the plan uses values that are not known yet.
    pub tentative: bool,
    /// True if only a part of the stack was planned: `--target`, `--without`, or changes that the engine
    /// deferred.
    pub incomplete: bool,
    /// Time of the plan; `None` when unknown.
    pub planned_at: Option<Timestamp>,
    /// Notes for the user on the plan.
    pub notes: Vec<String>,
}

impl ReviewStack {
    /// Makes a stack with an outcome and nothing else.
    pub fn new(stack: StackId, outcome: Outcome) -> Self {
        Self {
            stack,
            outcome,
            state: ReviewedState::default(),
            diff: String::new(),
            tentative: false,
            incomplete: false,
            planned_at: None,
            notes: Vec::new(),
        }
    }
}

/// Changes that a run would make, in dependency order.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// Environment of the run.
    pub environment: EnvName,
    /// True if the run destroys all its stacks.
    pub destroy: bool,
    /// Stacks of the run.
    pub stacks: Vec<ReviewStack>,
}

impl Review {
    /// Iterates over the resource changes of all stacks.
    pub(super) fn resource_changes(&self) -> impl Iterator<Item = (&StackId, &ResourceChange)> {
        self.stacks.iter().flat_map(|stack| {
            let resources = stack.outcome.changes().into_iter().flat_map(|changes| &changes.resources);
            resources.map(|change| (&stack.stack, change))
        })
    }

    /// Returns the number of changes of each kind over all stacks.
    pub fn totals(&self) -> ChangeCounts {
        let mut totals = ChangeCounts::default();
        for changes in self.stacks.iter().filter_map(|s| s.outcome.changes()) {
            totals += changes.counts();
        }
        totals
    }

    /// Iterates over the stacks that an apply would change.
    pub fn changed_stacks(&self) -> impl Iterator<Item = &ReviewStack> {
        self.stacks.iter().filter(|s| matches!(s.outcome, Outcome::Changed(_)))
    }

    /// Iterates over the stacks without a plan: failed, refused, skipped or interrupted. With such stacks a
    /// review cannot be confirmed.
    pub fn unplanned_stacks(&self) -> impl Iterator<Item = &ReviewStack> {
        self.stacks
            .iter()
            .filter(|s| !matches!(s.outcome, Outcome::Clean | Outcome::Changed(_) | Outcome::Deferred { .. }))
            .filter(|s| !s.outcome.is_excluded())
    }

    /// Returns the digest of the review's content, 64 hexadecimal digits: equal for equal content, regardless
    /// of run, time or plan file.
    pub fn digest(&self) -> String {
        super::digest::review_digest(self)
    }
}
