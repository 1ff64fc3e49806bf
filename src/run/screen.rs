//! Screens of a run: estimated durations, the review as text, and hints about the next step.

use super::{Confirm, Context, RunRequest, environment_guards::allow_flags, eta, started_run::Run};
use crate::{
    engine::PlanMode,
    event::StepKind,
    executor::{masked_refusals, masked_review},
    model::{Blocked, Outcome, RunVerb, StackId},
    plans::{
        Review,
        guards::{are_all_tentative, is_any_tentative},
    },
    reporter,
    ui::{Count, Role, Styles},
};

/// Explanation in a review with deferred stacks.
const DEFERRED_NOTE: &str = "a deferred stack is planned in the next round: when what it needs is applied, `deploy` shows a new review and asks again";

impl Run {
    /// Adds the flags that answer the gate to the repeated command line.
    pub(super) fn keep_answers(&mut self, confirm: &Confirm) {
        self.next_commands.keep_answers(confirm);
    }

    /// Prints a hint about workspaces that are still missing.
    pub(super) fn hint_missing_workspaces(&mut self, context: &Context) {
        if !self.deployment.stacks_without_workspace().is_empty() {
            let again = &self.next_commands.again;
            context.printer.hint(format_args!("`{again} --create-workspace` makes it; check its name first"));
        }
    }

    /// Returns the complete command that applies the plans of this run, with the answers that it needs.
    fn apply_command(&self, allow: &[String], context: &Context) -> String {
        let mut words = vec![self.next_commands.apply.clone()];
        words.extend(allow.iter().cloned());
        words.extend(self.guards.checklist.ack_flags(&[]));
        words.extend(match (self.needs_confirmation, context.terminal.interactive) {
            (true, _) => Some("--confirm".to_owned()),
            (false, true) => None,
            (false, false) => Some("--yes".to_owned()),
        });
        words.join(" ")
    }

    /// Returns the hint with the complete command that applies the plans after their review was not confirmed.
    pub(super) fn hint_kept_plans(&self, digest: &str) -> String {
        let flag = match (self.needs_confirmation, self.mode) {
            (true, PlanMode::Destroy) => format!("--confirm={}", digest.get(..16).unwrap_or(digest)),
            (true, _) => "--confirm".to_owned(),
            (false, _) => "--yes".to_owned(),
        };
        let acks = self.guards.checklist.ack_flags(&[]);
        let words: Vec<String> =
            std::iter::once(self.next_commands.apply.clone()).chain(acks).chain([flag]).collect();
        format!("the plans are kept: `{}` applies them", words.join(" "))
    }

    /// Prints a hint about plans whose inputs changed.
    pub(super) fn hint_new_plans(&self, context: &Context) {
        context.printer.hint(format_args!("`{}` makes new plans", self.next_commands.anew));
    }

    /// Returns the review as text, with a summary line and the next command.
    pub(crate) fn review_text(
        &self,
        review: &Review,
        blocked: &[Blocked],
        context: &Context,
        styles: Styles,
    ) -> anyhow::Result<String> {
        let role = if self.needs_confirmation { Role::Protected } else { Role::Environment };
        let mut line = styles.paint(role, &self.environment);
        let revision = self.revision_query.revision();
        if let Some(commit) = &revision.commit {
            let dirty = if revision.dirty == Some(true) { " (uncommitted changes)" } else { "" };
            line = format!("{line}  commit {}{dirty}", commit.get(..12).unwrap_or(commit));
        }
        if let Some(who) = self.guards.acting_identity() {
            line = format!("{line}  as {who}");
        }
        let changed = review.changed_stacks().count() as u64;
        let unplanned = review.unplanned_stacks().count() as u64;
        if unplanned > 0 {
            let what = if self.next_commands.adopts_plans {
                let verb = if unplanned == 1 { "is" } else { "are" };
                format!("{} {verb} out of date; nothing was applied", Count(unplanned, "stored plan"))
            } else {
                format!("{} could not be planned, so there is nothing to confirm", Count(unplanned, "stack"))
            };
            line = format!("{line}  {what}");
        } else if let Some(since) = self.changed_since.as_ref().filter(|_| review.stacks.is_empty()) {
            line = format!("{line}  {}", since.no_changes_message());
        } else if changed == 0 {
            line = format!("{line}  nothing to do");
        } else {
            let digest = review.digest();
            let short = digest.get(..16).unwrap_or(&digest);
            line = format!("{line}  review {short}  {} to change", Count(changed, "stack"));
            let deferred =
                review.stacks.iter().filter(|stack| matches!(stack.outcome, Outcome::Deferred { .. }));
            let deferred = deferred.count();
            if deferred > 0 {
                line = format!("{line}, {deferred} deferred\n{DEFERRED_NOTE}");
            }
            if let Some(eta) = self.eta_of_apply()? {
                line = format!("{line}\n{eta}");
            }
            if self.verb == RunVerb::Plan && !blocked.is_empty() {
                if !are_all_tentative(blocked) {
                    line = format!("{line}\nguards would refuse to apply this");
                }
                if let Some(first) = self.deploy_to_run_first(blocked) {
                    line = format!("{line}\nnext: `{first}`");
                } else if let Some(flags) = allow_flags(blocked).filter(|_| !is_any_tentative(blocked)) {
                    let command = self.apply_command(&flags, context);
                    line = format!("{line}; if this is intended:\nnext: `{command}`");
                }
            } else if self.verb == RunVerb::Plan && context.read_only {
                line = format!("{line}\n`ENVCTL_READ_ONLY` is set: nothing is applied here");
            } else if self.verb == RunVerb::Plan {
                line = format!("{line}\nnext: `{}`", self.apply_command(&[], context));
            }
            if self.verb == RunVerb::Plan {
                let items = self.guards.checklist.lines();
                line.extend(items.iter().map(|item| format!("\nchecklist {item}")));
            }
        }
        let losses = self.guards.losses(review);
        // A table breaks long words, and a part of a secret would not be found afterwards.
        let redactor = self.runner.redactor();
        Ok(reporter::review_text(
            &masked_review(review, redactor),
            (&losses, &masked_refusals(blocked, redactor)),
            &self.given_flags.command(&format!("runs show {}", self.id)),
            &line,
            styles,
            context.printer.width(),
        ))
    }

    /// Prints a review on standard output. If the prompt about it appears
    /// on another terminal, the review is printed there, and the text for standard output is returned: a pipe may lead to
    /// that terminal too, and would print it behind the prompt.
    pub(super) fn show_review(
        &self,
        context: &Context,
        request: &RunRequest,
        review: &Review,
        blocked: &[Blocked],
        asks: bool,
    ) -> anyhow::Result<Option<String>> {
        let printer = &context.printer;
        let is_unseen =
            if request.json { context.terminal.interactive } else { asks && !context.terminal.shows_output };
        if is_unseen {
            let text = self.review_text(review, blocked, context, printer.err_styles())?;
            printer.say_unwrapped(text);
        }
        if request.json {
            return Ok(None);
        }
        let text = self.review_text(review, blocked, context, printer.out_styles())?;
        if is_unseen {
            return Ok(Some(text));
        }
        printer.text(text)?;
        Ok(None)
    }

    /// Prints the estimated duration of planning these stacks, and of applying them unless the verb is `plan`.
    pub(super) fn say_eta(&mut self, context: &Context, stacks: &[StackId]) -> anyhow::Result<()> {
        if !self.eta {
            return Ok(());
        }
        if let Some(expected) = self.deployment.expected(StepKind::Plan, stacks)? {
            context.printer.say(eta::eta_line("planning", "planned", &expected));
        }
        if self.verb.may_change()
            && let Some(expected) = self.deployment.expected(StepKind::Apply, stacks)?
        {
            let (doing, done) = self.eta_words();
            context.printer.say(eta::eta_line(&format!("{doing} up to"), done, &expected));
        }
        Ok(())
    }

    /// Returns the line about the estimated duration of the apply; `None` without `--eta` or without changes.
    pub(super) fn eta_of_apply(&self) -> anyhow::Result<Option<String>> {
        if !self.eta {
            return Ok(None);
        }
        let (doing, done) = self.eta_words();
        Ok(self.deployment.expected_apply()?.map(|expected| eta::eta_line(doing, done, &expected)))
    }

    /// Returns the words for a running and a finished apply.
    fn eta_words(&self) -> (&'static str, &'static str) {
        match self.mode {
            PlanMode::Destroy => ("destroying", "destroyed"),
            PlanMode::Normal | PlanMode::RefreshOnly => ("applying", "applied"),
        }
    }
}
