//! What others said goes into an event in a form that no terminal obeys: whoever takes events may show them as they are.

use std::borrow::Cow;

use crate::{
    event::{Decision, EventKind},
    model::{Block, Outcome},
    ui::visible,
};

/// The same event with every text of engines, hooks and configuration made harmless; names and addresses are already.
pub(super) fn shown(mut kind: EventKind) -> EventKind {
    match &mut kind {
        EventKind::Progress { text, .. } => show(text),
        EventKind::HookStarted { program, .. } => show(program),
        EventKind::HookEnded { exit, .. } => show(exit),
        EventKind::StepFinished(step) => {
            of_outcome(&mut step.outcome);
            step.notes.iter_mut().for_each(show);
        }
        EventKind::StackSkipped { outcome, .. } => of_outcome(outcome),
        EventKind::Reviewed { blocked, .. } => {
            blocked.iter_mut().map(|blocked| &mut blocked.block).for_each(of_block);
        }
        EventKind::Decided(Decision::Refused { because, detail, next, .. }) => {
            show(because);
            show(detail);
            next.iter_mut().for_each(show);
        }
        EventKind::WorkingTree(revision) => revision.branch.iter_mut().for_each(show),
        EventKind::RunStarted { .. }
        | EventKind::StepStarted { .. }
        | EventKind::Expected { .. }
        | EventKind::EngineStarted { .. }
        | EventKind::Decided(Decision::Confirmed { .. })
        | EventKind::InterruptRequested { .. }
        | EventKind::RunFinished { .. } => {}
    }
    kind
}

fn of_outcome(outcome: &mut Outcome) {
    match outcome {
        Outcome::Failed(failure) => {
            show(&mut failure.summary);
            show(&mut failure.detail);
            failure.file.iter_mut().for_each(show);
        }
        Outcome::Refused(blocks) => blocks.iter_mut().for_each(of_block),
        Outcome::Clean
        | Outcome::Changed(_)
        | Outcome::Applied(_)
        | Outcome::Skipped { .. }
        | Outcome::Deferred { .. }
        | Outcome::Interrupted => {}
    }
}

fn of_block(block: &mut Block) {
    show(&mut block.message);
    block.allow.iter_mut().for_each(show);
}

fn show(text: &mut String) {
    if let Cow::Owned(shown) = visible(text) {
        *text = shown;
    }
}
