//! Answers to the gate from flags, and the rounds of reviews that they apply to.

use std::collections::BTreeSet;

use super::Confirm;
use crate::{executor::Confirmation, plans::guards::ShownLoss};

/// Answers to the gate from flags, during the rounds of a run.
pub(super) struct GateAnswers {
    /// `--confirm`, which confirms one review.
    confirmation: Option<Confirmation>,
    /// `--yes`, which answers every round.
    pub(super) yes: bool,
    confirm_rounds: bool,
    /// Number of the current round, from 1.
    round: u32,
    /// True once a review was confirmed.
    is_any_confirmed: bool,
    /// Losses that were shown in confirmed reviews.
    shown: BTreeSet<ShownLoss>,
}

impl GateAnswers {
    /// Returns the answers before the first round.
    pub(crate) fn new(confirm: &Confirm) -> Self {
        Self {
            confirmation: confirm.confirmation.clone(),
            yes: confirm.yes,
            confirm_rounds: confirm.confirm_rounds,
            round: 1,
            is_any_confirmed: false,
            shown: BTreeSet::new(),
        }
    }

    /// Returns the round of the round, from 1.
    pub(super) fn round(&self) -> u32 {
        self.round
    }

    /// Starts the next round.
    pub(super) fn begin_round(&mut self) {
        self.round += 1;
    }

    /// Returns `--confirm` until a review was confirmed: the flag confirms one review.
    pub(super) fn confirmation(&self) -> Option<Confirmation> {
        self.confirmation.clone().filter(|_| !self.is_any_confirmed)
    }

    /// Records that a review was confirmed, with the losses that it shows.
    pub(crate) fn record_confirmation(&mut self, losses: BTreeSet<ShownLoss>) {
        self.is_any_confirmed = true;
        self.shown.extend(losses);
    }

    /// Returns true once a review was confirmed.
    pub(super) fn is_any_confirmed(&self) -> bool {
        self.is_any_confirmed
    }

    /// Returns true if later rounds are confirmed in advance (`--confirm-rounds`).
    pub(super) fn confirm_rounds(&self) -> bool {
        self.confirm_rounds
    }

    /// Returns the losses that were shown in confirmed reviews.
    pub(super) fn losses_shown(&self) -> &BTreeSet<ShownLoss> {
        &self.shown
    }
}
