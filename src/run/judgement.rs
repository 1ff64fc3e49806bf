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
        let mut blocked = self.guards.judge(context, review);
        // The plans of an earlier run may use what it applied itself; and a destroy plan is never made again.
        if !self.next_commands.adopts_plans && self.mode == PlanMode::Normal {
            blocked.extend(self.with_value_providers(|providers| providers.judge(review)));
        }
        blocked
    }

    /// Calls a function with the stacks of the run that provide values to others.
    fn with_value_providers<T>(&self, call: impl FnOnce(ValueProviders<'_>) -> T) -> T {
        let stacks_mocked_for = |stack: &StackId| self.deployment.stacks_mocked_for(stack);
        call(ValueProviders {
            graph: self.deployment.graph(),
            missing: &self.missing_upstreams,
            stacks_mocked_for: &stacks_mocked_for,
        })
    }

    /// Returns the `deploy` that makes the values of refused tentative plans known, to be run before this one; `None` if only
    /// excluding the stacks of these plans would help.
    pub(crate) fn deploy_to_run_first(&self, blocked: &[Blocked]) -> Option<String> {
        let tentative = blocked.iter().filter(|found| found.block.guard == Guard::Tentative);
        let stacks = tentative.filter_map(|found| found.stack.as_ref());
        let to_apply_first: BTreeSet<StackId> = self.with_value_providers(|providers| {
            stacks.flat_map(|stack| providers.stacks_to_apply_first(stack)).collect()
        });
        let names: Vec<_> = to_apply_first.iter().map(|stack| shell_word(stack.as_str())).collect();
        let flags = self.outside_variables.flags(&to_apply_first, &self.given_flags);
        let deploy = || format!("deploy {} {}", self.environment, names.join(" "));
        (!names.is_empty()).then(|| flags.command_with_values(&deploy()))
    }

    /// Returns the refusal of a review, with the command to run first if tentative plans are refused.
    pub(crate) fn refusal(&self, blocked: &[Blocked]) -> Refusal {
        let refusal = self.guards.refusal(blocked);
        if !is_any_tentative(blocked) {
            return refusal;
        }
        let hint = self.deploy_to_run_first(blocked).map_or_else(
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
    /// all reasons including a missing confirmation. `None` if guards and checklist pass.
    pub(super) fn incomplete_answers(
        &self,
        blocked: &[Blocked],
        request: &RunRequest,
        at_gate: &GateRequest<'_>,
    ) -> Option<Refusal> {
        let guard_refusal = (!blocked.is_empty()).then(|| self.refusal(blocked));
        let checklist =
            self.guards.checklist.refusal_of_unconfirmed(&request.acks).filter(|_| !at_gate.terminal);
        let unconfirmed = match gate(at_gate) {
            Gate::Refused(refusal) => Some(refusal),
            Gate::Confirmed { .. } | Gate::Ask(_) => None,
        };
        if guard_refusal.is_none() && checklist.is_none() {
            return None;
        }
        let comes_first = guard_refusal.as_ref().and_then(|refusal| refusal.hint.clone());
        let reasons = [guard_refusal, checklist, unconfirmed].into_iter().flatten();
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
        let flags = missing_flags(&self.guards, blocked, &request.acks, at_gate);
        let hint = flags.map(|flags| {
            let condition = if blocked.is_empty() { "if the items are true" } else { "if this is intended" };
            let command: Vec<&str> =
                std::iter::once(at_gate.invocation).chain(flags.iter().map(String::as_str)).collect();
            format!("{condition}: `{}`", command.join(" "))
        });
        Refusal { hint, next: None, ..refusal }
    }
}

/// Returns the flags that the user's command lacks to pass the gate; `None` if a refusal has no exception.
fn missing_flags(
    guards: &EnvironmentGuards,
    blocked: &[Blocked],
    acks: &[String],
    at_gate: &GateRequest<'_>,
) -> Option<Vec<String>> {
    let mut flags = allow_flags(blocked)?;
    // In a terminal the user is prompted for each item and reads its text.
    if !at_gate.terminal || blocked.is_empty() {
        flags.extend(guards.checklist.ack_flags(acks));
    }
    flags.extend(at_gate.confirm_flag());
    Some(flags)
}
