//! Judgement of a review: the reasons why its plans must not be applied, and one refusal with the one command that answers
//! all of them.

use std::collections::BTreeSet;

use super::{
    Context, RunRequest,
    environment_guards::{EnvironmentGuards, allow_flags},
    started_run::Run,
};
use crate::{
    engine::PlanMode,
    executor::{Gate, GateRequest, Refusal, gate},
    model::{Blocked, Guard, StackId},
    plans::{
        Review,
        guards::{ValueProviders, are_all_tentative, is_any_tentative},
    },
    ui::shell_word,
};

impl Run {
    /// Returns the reasons why the plans of a review must not be applied now.
    pub(crate) fn judge(&self, context: &Context, review: &Review) -> Vec<Blocked> {
        let mut blocked = self.guarded.judge(context, review);
        // The plans of an earlier run may use what it applied itself; and a destroy plan is never made again.
        if !self.next_commands.adopts && self.mode == PlanMode::Normal {
            blocked.extend(self.with_providers(|providers| providers.judge(review)));
        }
        blocked
    }

    fn with_providers<T>(&self, use_them: impl FnOnce(ValueProviders<'_>) -> T) -> T {
        let stacks_mocked_for = |stack: &StackId| self.deployment.stacks_mocked_for(stack);
        use_them(ValueProviders {
            graph: self.deployment.graph(),
            missing: &self.missing_upstreams,
            stacks_mocked_for: &stacks_mocked_for,
        })
    }

    /// Returns the command to run first, if tentative plans are refused; absent if only excluding their stacks would help.
    pub(crate) fn first(&self, blocked: &[Blocked]) -> Option<String> {
        let tentative = blocked.iter().filter(|found| found.block.guard == Guard::Tentative);
        let stacks = tentative.filter_map(|found| found.stack.as_ref());
        let absent: BTreeSet<StackId> = self.with_providers(|providers| {
            stacks.flat_map(|stack| providers.stacks_to_apply_first(stack)).collect()
        });
        let names: Vec<_> = absent.iter().map(|stack| shell_word(stack.as_str())).collect();
        let flags = self.outside_variables.flags(&absent, &self.given_flags);
        let deploy = || format!("deploy {} {}", self.environment, names.join(" "));
        (!names.is_empty()).then(|| flags.command_with_values(&deploy()))
    }

    /// Returns the refusal of a review, with the command to run first if tentative plans are refused.
    pub(crate) fn refusal(&self, blocked: &[Blocked]) -> Refusal {
        let refusal = self.guarded.refusal(blocked);
        if !is_any_tentative(blocked) {
            return refusal;
        }
        let hint = self.first(blocked).map_or_else(
            || "`--exclude` leaves such a stack out".to_owned(),
            |first| format!("`{first}` comes first"),
        );
        let summary = if are_all_tentative(blocked) {
            format!("not all of this can be applied in `{}` yet", self.environment)
        } else {
            refusal.summary
        };
        Refusal { summary, hint: Some(hint), ..refusal }
    }

    /// Returns the refusal of a review that guards refuse or, without a terminal, whose checklist is not confirmed, with
    /// all reasons including a missing confirmation. Absent if guards and checklist pass.
    pub(super) fn incomplete_answers(
        &self,
        blocked: &[Blocked],
        request: &RunRequest,
        at_gate: &GateRequest<'_>,
    ) -> Option<Refusal> {
        let guards = (!blocked.is_empty()).then(|| self.refusal(blocked));
        let checklist = self.guarded.checklist.unanswered(&request.acks).filter(|_| !at_gate.terminal);
        let unconfirmed = match gate(at_gate) {
            Gate::Refused(refusal) => Some(refusal),
            Gate::Confirmed { .. } | Gate::Ask(_) => None,
        };
        if guards.is_none() && checklist.is_none() {
            return None;
        }
        let comes_first = guards.as_ref().and_then(|refusal| refusal.hint.clone());
        let reasons = [guards, checklist, unconfirmed].into_iter().flatten();
        let refusal = reasons.reduce(|refusal, other| refusal.and(&other))?;
        if is_any_tentative(blocked) {
            return Some(Refusal { hint: comes_first, next: None, ..refusal });
        }
        Some(self.with_hint(refusal, blocked, request, at_gate))
    }

    /// Adds the command that answers all reasons: exceptions, items of the checklist, and the confirmation, beside the
    /// flags that the user gave.
    pub(super) fn with_hint(
        &self,
        refusal: Refusal,
        blocked: &[Blocked],
        request: &RunRequest,
        at_gate: &GateRequest<'_>,
    ) -> Refusal {
        let flags = missing_flags(&self.guarded, blocked, &request.acks, at_gate);
        let hint = flags.map(|flags| {
            let condition = if blocked.is_empty() { "where it is true" } else { "only where it is meant" };
            let command: Vec<&str> =
                std::iter::once(at_gate.invocation).chain(flags.iter().map(String::as_str)).collect();
            format!("{condition}: `{}`", command.join(" "))
        });
        Refusal { hint, next: None, ..refusal }
    }
}

/// Returns the flags that a command lacks; absent if a refusal has no exception.
fn missing_flags(
    guarded: &EnvironmentGuards,
    blocked: &[Blocked],
    acks: &[String],
    at_gate: &GateRequest<'_>,
) -> Option<Vec<String>> {
    let mut flags = allow_flags(blocked)?;
    // In a terminal the user is prompted for each item and reads its text.
    if !at_gate.terminal || blocked.is_empty() {
        flags.extend(guarded.checklist.ack_flags(acks));
    }
    flags.extend(at_gate.confirm_flag());
    Some(flags)
}
