//! Answers to the gate from flags, and the rounds of reviews that they apply to.

use std::collections::BTreeSet;

use super::{Confirm, Context, RunRequest, open::Opened, request::RunMode};
use crate::{
    executor::{Confirmation, GateRound},
    model::{Blocked, Outcome, StackId},
    plans::{Review, guards::ShownLoss},
};

/// Answers to the gate from flags, during the rounds of a run.
pub(super) struct Answers {
    confirmation: Option<Confirmation>,
    /// `--yes`, which answers every round.
    pub(super) yes: bool,
    confirm_rounds: bool,
    number: u32,
    /// True once a review was confirmed.
    is_any_confirmed: bool,
    /// Losses that were shown in confirmed reviews.
    shown: BTreeSet<ShownLoss>,
}

impl Answers {
    /// Returns the answers before the first round.
    pub(crate) fn new(confirm: &Confirm) -> Self {
        Self {
            confirmation: confirm.confirmation.clone(),
            yes: confirm.yes,
            confirm_rounds: confirm.confirm_rounds,
            number: 1,
            is_any_confirmed: false,
            shown: BTreeSet::new(),
        }
    }

    /// Returns the number of the round, from 1.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// Starts the next round.
    pub(super) fn begin_round(&mut self) {
        self.number += 1;
    }

    /// Returns `--confirm` until a review was confirmed: the flag confirms one review.
    pub(super) fn confirmation(&self) -> Option<Confirmation> {
        self.confirmation.clone().filter(|_| !self.is_any_confirmed)
    }

    /// Records that a review was confirmed, with the losses that it shows.
    pub(crate) fn confirmed(&mut self, losses: BTreeSet<ShownLoss>) {
        self.is_any_confirmed = true;
        self.shown.extend(losses);
    }
}

impl Opened {
    /// Returns the stacks that this run has applied so far.
    pub(crate) fn applied(&mut self) -> BTreeSet<StackId> {
        let outcomes = self.deployment.dispatcher().outcomes().iter();
        let applied = outcomes.filter(|(_, outcome)| matches!(outcome, Outcome::Applied(_)));
        applied.map(|(stack, _)| stack.clone()).collect()
    }

    /// Returns the position of a review among those of the run, with the losses that no earlier review has shown.
    pub(super) fn gate_round(&mut self, answers: &Answers, review: &Review) -> GateRound {
        let unseen = if answers.is_any_confirmed && answers.confirm_rounds {
            self.guarded.unseen_losses(review, &answers.shown)
        } else {
            Vec::new()
        };
        let leaves_others = self.deployment.dispatcher().outcomes().values().any(|outcome| {
            outcome.is_left_undone()
                || matches!(outcome, Outcome::Failed(_) | Outcome::Refused(_) | Outcome::Interrupted)
        });
        GateRound {
            leaves_others,
            number: answers.number,
            is_later: answers.is_any_confirmed,
            confirm_rounds: answers.confirm_rounds,
            unseen,
            applied: self.applied().iter().map(ToString::to_string).collect(),
        }
    }

    /// Returns the command that leads back to this review: the current command line, or after a confirmed round the
    /// `runs resume` command of the run.
    pub(super) fn invocation(&self, request: &RunRequest, answers: &Answers, run_mode: RunMode) -> String {
        let mut request = request.clone();
        if answers.is_any_confirmed {
            let answered = self.guarded.checklist.acked().iter().filter(|id| !request.acks.contains(id));
            request.acks = request.acks.iter().chain(answered).cloned().collect();
            request.resumes = Some(self.id.clone());
            request.allow = self.guarded.allowed();
        }
        let line = request.command_line(run_mode.verb, &self.environment, &self.given_flags);
        if answers.confirm_rounds { format!("{line} --confirm-rounds") } else { line }
    }

    /// Prints a review on standard output, masked because an address may contain a secret. If the prompt about it appears
    /// on another terminal, the review is printed there too.
    pub(super) fn show_review(
        &self,
        context: &Context,
        request: &RunRequest,
        review: &Review,
        blocked: &[Blocked],
        asks: bool,
    ) -> anyhow::Result<()> {
        let printer = &context.printer;
        if !request.json {
            let text = self.review_text(review, blocked, (context, printer.out_styles()))?;
            printer.text(self.runner.redactor().mask(&text))?;
        }
        let is_unseen =
            if request.json { context.terminal.interactive } else { asks && !context.terminal.shows_output };
        if is_unseen {
            let text = self.review_text(review, blocked, (context, printer.err_styles()))?;
            printer.always(self.runner.redactor().mask(&text));
        }
        Ok(())
    }

    /// Returns the stacks of another round: those whose new plan exceeds the confirmed one, or deferred stacks
    /// that can be planned now.
    pub(super) fn next_round(&mut self, context: &Context, number: u32) -> Vec<StackId> {
        let is_interrupted = self.deployment.dispatcher().interrupted().is_some();
        let (stacks, why) = if self.deployment.has_unsettled() && !is_interrupted {
            let why = "Some plans now change more than you confirmed: planning them again for a new review";
            (self.deployment.needing_confirmation(), why)
        } else {
            (self.deployment.now_plannable(), "Planning deferred stacks, which need what was just applied")
        };
        if !stacks.is_empty() {
            context.printer.say(format_args!("{why} (round {number})"));
        }
        stacks
    }
}
