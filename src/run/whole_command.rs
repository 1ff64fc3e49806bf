//! One refusal for all reasons why a review is not applied, with the one command that answers all of them.

use super::{
    RunRequest,
    guarded::{Guarded, allow_flags},
    open::Opened,
};
use crate::{
    executor::{Gate, GateRequest, Refusal, gate},
    model::Blocked,
    plans::guards::is_any_tentative,
};

impl Opened {
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
    guarded: &Guarded,
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
