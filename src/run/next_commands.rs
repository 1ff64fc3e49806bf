//! Review text and suggested commands of an open run.

use super::{Confirm, Context, RunRequest, guarded::allow_flags, open::Opened, request::RunMode};
use crate::{
    engine::{GivenFlags, PlanMode},
    graph::Selection,
    model::{Blocked, EnvName, Outcome, RunId, RunVerb},
    plans::{
        Review,
        guards::{are_all_tentative, is_any_tentative},
    },
    reporter,
    ui::{Count, Role, Styles},
};

/// Suggested commands that continue the run.
pub(crate) struct NextCommands {
    /// Command that applies the plans of this run.
    apply: String,
    /// Command line of this run.
    again: String,
    /// Command that makes new plans of the same stacks.
    anew: String,
    /// True if the run continues with the plans of an earlier run.
    pub(super) adopts: bool,
}

impl NextCommands {
    /// Returns the commands for a request; `all` is true if it selects all stacks of the environment.
    pub(crate) fn of(
        flags: &GivenFlags,
        request: &RunRequest,
        run_mode: RunMode,
        (run, environment, all): (&RunId, &EnvName, bool),
    ) -> Self {
        let line = |request: &RunRequest, verb| request.command_line(verb, environment, flags);
        let mut new = RunRequest { stored: None, resumes: None, ..request.clone() };
        if all {
            new.selection = Selection::default();
        }
        let planner = match (run_mode.verb, run_mode.mode) {
            (RunVerb::Apply, PlanMode::Destroy) => RunVerb::Destroy,
            (RunVerb::Apply, _) => RunVerb::Plan,
            (other, _) => other,
        };
        Self {
            apply: line(&RunRequest { stored: Some(run.clone()), ..request.clone() }, RunVerb::Apply),
            again: line(request, run_mode.verb),
            anew: line(&new, planner),
            adopts: request.adopts(),
        }
    }
}

impl Opened {
    /// Adds the flags that answer the gate to the repeated command line.
    pub(super) fn keep_answers(&mut self, confirm: &Confirm) {
        let flags = confirm.flags();
        self.next_commands.again.extend(flags.iter().map(|flag| format!(" {flag}")));
    }

    /// Prints a hint about workspaces that are still missing.
    pub(super) fn say_missing(&mut self, context: &Context) {
        if !self.deployment.without_workspace().is_empty() {
            let again = &self.next_commands.again;
            context.printer.hint(format_args!("`{again} --create-workspace` makes it; check its name first"));
        }
    }

    /// Returns the complete command that applies the plans of this run, with the answers that it needs.
    fn apply_command(&self, allow: &[String], context: &Context) -> String {
        let mut words = vec![self.next_commands.apply.clone()];
        words.extend(allow.iter().cloned());
        words.extend(self.guarded.checklist.ack_flags(&[]));
        words.extend(match (self.protected, context.terminal.interactive) {
            (true, _) => Some("--confirm".to_owned()),
            (false, true) => None,
            (false, false) => Some("--yes".to_owned()),
        });
        words.join(" ")
    }

    /// Prints a hint about plans whose inputs changed.
    pub(super) fn say_unfit(&self, context: &Context) {
        context.printer.hint(format_args!("`{}` makes new plans", self.next_commands.anew));
    }

    /// Returns the review as text, with a summary line and the next command.
    pub(crate) fn review_text(
        &self,
        review: &Review,
        blocked: &[Blocked],
        (context, styles): (&Context, Styles),
    ) -> anyhow::Result<String> {
        let role = if self.protected { Role::Protected } else { Role::Environment };
        let mut line = styles.paint(role, &self.environment);
        let revision = self.working_tree.revision();
        if let Some(commit) = &revision.commit {
            let dirty = if revision.dirty == Some(true) { " (uncommitted changes)" } else { "" };
            line = format!("{line}  commit {}{dirty}", commit.get(..12).unwrap_or(commit));
        }
        if let Some(who) = self.guarded.acting() {
            line = format!("{line}  as {who}");
        }
        let changed = review.changed().count() as u64;
        let unplanned = review.unplanned().count() as u64;
        if unplanned > 0 {
            let what = if self.next_commands.adopts {
                let verb = if unplanned == 1 { "is" } else { "are" };
                format!("{} {verb} out of date", Count(unplanned, "stored plan"))
            } else {
                format!("{} could not be planned", Count(unplanned, "stack"))
            };
            line = format!("{line}  {what}, so there is nothing to confirm");
        } else if let Some(since) = self.changed_since.as_ref().filter(|_| review.stacks.is_empty()) {
            line = format!("{line}  {}", since.nothing());
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
                line = format!("{line}, {deferred} deferred");
            }
            if let Some(eta) = self.eta_of_apply()? {
                line = format!("{line}\n{eta}");
            }
            if self.verb == RunVerb::Plan && !blocked.is_empty() {
                if !are_all_tentative(blocked) {
                    line = format!("{line}\nguards would refuse to apply this");
                }
                if let Some(first) = self.first(blocked) {
                    line = format!("{line}\nnext: `{first}`");
                } else if let Some(flags) = allow_flags(blocked).filter(|_| !is_any_tentative(blocked)) {
                    let command = self.apply_command(&flags, context);
                    line = format!("{line}; only where it is meant:\nnext: `{command}`");
                }
            } else if self.verb == RunVerb::Plan && context.read_only {
                line = format!("{line}\n`ENVCTL_READ_ONLY` is set: nothing is applied here");
            } else if self.verb == RunVerb::Plan {
                line = format!("{line}\nnext: `{}`", self.apply_command(&[], context));
            }
            if self.verb == RunVerb::Plan {
                let items = self.guarded.checklist.lines();
                line.extend(items.iter().map(|item| format!("\nchecklist {item}")));
            }
        }
        let losses = self.guarded.losses(review);
        Ok(reporter::review_text(
            review,
            (&losses, blocked),
            &self.given_flags.command(&format!("runs show {}", self.id)),
            &line,
            styles,
            context.printer.width(),
        ))
    }
}
