//! Removes terminal control characters and secrets from events, so that a consumer may show and store them as they are.

use std::borrow::Cow;

use crate::{
    event::{Decision, EventKind},
    model::{Block, Blocked, Changes, GateRecord, Outcome, ResourceAddress},
    plans::Review,
    process::Redactor,
    ui::visible,
};

/// Returns the event with control characters made visible in every text of engines, hooks and configuration. Names and
/// addresses contain none.
pub(super) fn without_control_characters(mut kind: EventKind) -> EventKind {
    each_text(&mut kind, &mut |text| {
        if let Cow::Owned(shown) = visible(text) {
            *text = shown;
        }
    });
    kind
}

/// Returns the event with secrets masked in its texts and in addresses: the key of a resource may be one.
pub(super) fn masked(mut kind: EventKind, redactor: &Redactor) -> EventKind {
    each_text(&mut kind, &mut |text| mask_text(text, redactor));
    match &mut kind {
        EventKind::StepFinished(step) => mask_addresses(&mut step.outcome, redactor),
        EventKind::StackSkipped { outcome, .. } => mask_addresses(outcome, redactor),
        EventKind::Decided(Decision::Confirmed { record, .. } | Decision::Refused { record, .. }) => {
            mask_exceptions(record, redactor);
        }
        EventKind::Reviewed { blocked, .. } => {
            for blocked in blocked {
                mask_subject(&mut blocked.block, redactor);
            }
        }
        _ => {}
    }
    kind
}

/// Returns a review with secrets masked in its outcomes and notes, for a person; diffs are masked where the engine prints
/// them. Its digest is another one.
pub fn masked_review(review: &Review, redactor: &Redactor) -> Review {
    let mut review = review.clone();
    for stack in &mut review.stacks {
        let mask = &mut |text: &mut String| mask_text(text, redactor);
        each_outcome_text(&mut stack.outcome, mask);
        stack.notes.iter_mut().for_each(mask);
        mask_addresses(&mut stack.outcome, redactor);
    }
    review
}

/// Returns refusals with secrets masked in their texts and addresses, for a person.
pub fn masked_refusals(blocked: &[Blocked], redactor: &Redactor) -> Vec<Blocked> {
    let mut blocked = blocked.to_vec();
    for blocked in &mut blocked {
        each_block_text(&mut blocked.block, &mut |text| mask_text(text, redactor));
        mask_subject(&mut blocked.block, redactor);
    }
    blocked
}

fn mask_text(text: &mut String, redactor: &Redactor) {
    if let Cow::Owned(masked) = redactor.mask(text) {
        *text = masked;
    }
}

/// Masks secrets in the resource addresses of an outcome.
fn mask_addresses(outcome: &mut Outcome, redactor: &Redactor) {
    if let Outcome::Refused(blocks) = outcome {
        for block in blocks.iter_mut() {
            mask_subject(block, redactor);
        }
    }
    let (Outcome::Changed(changes) | Outcome::Applied(changes)) = outcome else { return };
    let Changes { resources, outputs: _, actions } = changes;
    for action in actions {
        mask_address(&mut action.address, redactor);
        action.trigger.iter_mut().for_each(|trigger| mask_address(&mut trigger.resource, redactor));
    }
    for change in resources {
        mask_address(&mut change.address, redactor);
        change.previous_address.iter_mut().for_each(|address| mask_address(address, redactor));
    }
}

fn mask_address(address: &mut ResourceAddress, redactor: &Redactor) {
    if let Cow::Owned(masked) = redactor.mask(address.as_str())
        && let Ok(masked) = masked.parse()
    {
        *address = masked;
    }
}

/// Masks the resource that a guard refuses.
fn mask_subject(block: &mut Block, redactor: &Redactor) {
    block.address.iter_mut().for_each(|address| mask_address(address, redactor));
}

/// Masks secrets in the addresses of `--allow` flags.
fn mask_exceptions(record: &mut GateRecord, redactor: &Redactor) {
    for allowed in &mut record.allowed {
        *allowed = redactor.mask(allowed).into_owned();
    }
}

/// Calls `change` for every text of an event that may come from an engine, a hook or the configuration.
fn each_text(kind: &mut EventKind, change: &mut impl FnMut(&mut String)) {
    match kind {
        EventKind::Progress { text, .. } => change(text),
        EventKind::HookStarted { program, .. } => change(program),
        EventKind::HookEnded { exit, .. } => change(exit),
        EventKind::StepFinished(step) => {
            each_outcome_text(&mut step.outcome, change);
            step.notes.iter_mut().for_each(change);
        }
        EventKind::StackSkipped { outcome, .. } => each_outcome_text(outcome, change),
        EventKind::Reviewed { blocked, .. } => {
            for blocked in blocked {
                each_block_text(&mut blocked.block, change);
            }
        }
        EventKind::Decided(Decision::Refused { because, detail, next, .. }) => {
            change(because);
            change(detail);
            next.iter_mut().for_each(change);
        }
        EventKind::WorkingTree(revision) => revision.branch.iter_mut().for_each(change),
        EventKind::RunStarted { .. }
        | EventKind::StepStarted { .. }
        | EventKind::Expected { .. }
        | EventKind::EngineStarted { .. }
        | EventKind::Decided(Decision::Confirmed { .. })
        | EventKind::InterruptRequested { .. }
        | EventKind::RunFinished { .. } => {}
    }
}

fn each_outcome_text(outcome: &mut Outcome, change: &mut impl FnMut(&mut String)) {
    match outcome {
        Outcome::Failed(failure) => {
            change(&mut failure.summary);
            change(&mut failure.detail);
            failure.file.iter_mut().for_each(change);
        }
        Outcome::Refused(blocks) => blocks.iter_mut().for_each(|block| each_block_text(block, change)),
        Outcome::Clean
        | Outcome::Changed(_)
        | Outcome::Applied(_)
        | Outcome::Skipped { .. }
        | Outcome::Deferred { .. }
        | Outcome::Interrupted => {}
    }
}

fn each_block_text(block: &mut Block, change: &mut impl FnMut(&mut String)) {
    change(&mut block.message);
    block.allow.iter_mut().for_each(change);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{StepFinished, StepKind},
        model::{Action, ResourceChange},
    };

    #[test]
    fn a_secret_in_an_address_is_masked() {
        let redactor = Redactor::new();
        redactor.add("hunter2-hunter2");
        let change = |key: &str| ResourceChange {
            previous_address: Some(format!("terraform_data.old[\"{key}\"]").parse().unwrap()),
            ..ResourceChange::new(format!("terraform_data.each[\"{key}\"]").parse().unwrap(), Action::Delete)
        };
        let finished = |resources| {
            let outcome = Outcome::Changed(Changes { resources, ..Changes::default() });
            EventKind::StepFinished(Box::new(StepFinished::new(
                "app".parse().unwrap(),
                StepKind::Plan,
                outcome,
            )))
        };
        let event =
            finished(vec![change("hunter2-hunter2"), change("b64-aHVudGVyMi1odW50ZXIy"), change("b")]);
        let expected = finished(vec![change("(redacted)"), change("b64-(redacted)"), change("b")]);
        assert_eq!(masked(event, &redactor), expected);

        let record = GateRecord {
            allowed: vec!["delete:app/a[\"hunter2-hunter2\"]".to_owned()],
            ..GateRecord::default()
        };
        let confirmed =
            |record| EventKind::Decided(Decision::Confirmed { by: "--confirm".to_owned(), record });
        let expected =
            GateRecord { allowed: vec!["delete:app/a[\"(redacted)\"]".to_owned()], ..GateRecord::default() };
        assert_eq!(masked(confirmed(record), &redactor), confirmed(expected));
    }
}
