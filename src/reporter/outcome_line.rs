//! Result of a stack's step in one line.

use crate::{
    event::{StepFinished, StepKind},
    model::{ChangeCounts, FailureKind, Outcome, SkipReason, StackNote, deferral_reason, earlier_apply_note},
    ui::{Count, Role, Styles, seconds},
};

/// Formats a finished step: `✔ network  3 to create  0.6s`.
pub(super) fn finished_line(step: &StepFinished, width: usize, styles: Styles) -> String {
    let (mark, mut text) = outcome_words(&step.outcome, &step.notes, step.step, styles);
    if step.outcome == Outcome::Clean
        && let Some(earlier) = earlier_apply_note(&step.notes)
    {
        earlier.clone_into(&mut text);
    }
    let stack = format!("{:width$}", step.stack);
    let time = styles.paint(Role::Dim, seconds(step.duration));
    format!("{mark} {stack}  {text}  {time}")
}

/// Formats a stack that ended without a step: `– app  skipped: network failed`.
pub(super) fn skipped_line(stack: &str, outcome_: &Outcome, width: usize, styles: Styles) -> String {
    let (mark, mut text) = outcome_words(outcome_, &[], StepKind::Plan, styles);
    if matches!(outcome_, Outcome::Interrupted) {
        text = format!("{} (interrupted)", StackNote::NotStarted);
    }
    format!("{mark} {stack:width$}  {text}")
}

/// Returns the mark and the words of an outcome; `notes` are those of its stack.
pub(super) fn outcome_words(
    outcome: &Outcome,
    notes: &[String],
    step: StepKind,
    styles: Styles,
) -> (String, String) {
    let green = |text: &str| styles.paint(Role::Success, text);
    match outcome {
        Outcome::Clean => (green("✔"), "no changes".to_owned()),
        Outcome::Changed(changes) => (green("✔"), counts_text(&changes.counts(), "to ")),
        Outcome::Applied(changes) => {
            let text =
                if changes.is_empty() { "applied".to_owned() } else { counts_text(&changes.counts(), "") };
            (green("✔"), text)
        }
        Outcome::Failed(failure) => {
            let verb = match step {
                StepKind::Plan => "plan failed",
                StepKind::Apply => "apply failed",
            };
            let kind = if failure.kind == FailureKind::Unknown {
                String::new()
            } else {
                format!(" ({})", format!("{:?}", failure.kind).to_lowercase())
            };
            let text = format!("{}{kind}: {}", styles.paint(Role::Error, verb), first_line(&failure.summary));
            (styles.paint(Role::Error, "✘"), text)
        }
        Outcome::Skipped { because } => (styles.paint(Role::Dim, "–"), skip_words(because)),
        Outcome::Deferred { because } => {
            let reason = deferral_reason(notes).map_or(String::new(), |reason| format!(": {reason}"));
            (styles.paint(Role::Warning, "…"), format!("deferred until `{because}` is applied{reason}"))
        }
        Outcome::Refused(blocks) => {
            let why: Vec<&str> = blocks.iter().map(|b| first_line(&b.message)).collect();
            if outcome.is_beyond_confirmed() {
                let text = format!("not applied yet, planned again for a new review: {}", why.join("; "));
                return (styles.paint(Role::Warning, "…"), text);
            }
            (styles.paint(Role::Error, "✘"), format!("refused: {}", why.join("; ")))
        }
        Outcome::Interrupted => (styles.paint(Role::Warning, "!"), "interrupted".to_owned()),
    }
}

/// Returns the first line of a text, for a list; the caller prints the rest below.
pub(super) fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

fn skip_words(because: &SkipReason) -> String {
    match because {
        SkipReason::Dependency(stack) => format!("skipped: `{stack}` did not succeed"),
        SkipReason::FailFast(stack) => format!("skipped: `{stack}` failed first (--fail-fast)"),
        SkipReason::NotConfirmed => "not confirmed".to_owned(),
        SkipReason::Excluded(why) => StackNote::LeftOut(why).to_string(),
    }
}

/// Formats `3 to create, 1 to delete, 2 outputs`; with an empty `to`, `3 created, 1 deleted`.
pub(super) fn counts_text(counts: &ChangeCounts, to: &str) -> String {
    let planned = !to.is_empty();
    let word = |infinitive: &str, participle: &str| {
        if planned { format!("to {infinitive}") } else { participle.to_owned() }
    };
    let mut parts: Vec<String> = [
        (counts.create, word("create", "created")),
        (counts.update, word("update", "updated")),
        (counts.replace, word("replace", "replaced")),
        (counts.delete, word("delete", "deleted")),
        (counts.forget, word("remove from state", "removed from state")),
        (counts.import, word("import", "imported")),
        (counts.moved, word("move", "moved")),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, word)| format!("{number} {word}"))
    .collect();
    if counts.outputs > 0 {
        parts.push(Count(counts.outputs, "output").to_string());
    }
    if counts.actions > 0 {
        parts.push(format!("{} {}", Count(counts.actions, "action"), word("invoke", "invoked")));
    }
    parts.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_read_as_a_sentence() {
        let some = ChangeCounts { create: 3, delete: 1, outputs: 1, ..ChangeCounts::default() };
        assert_eq!(counts_text(&some, "to "), "3 to create, 1 to delete, 1 output");
        assert_eq!(counts_text(&some, ""), "3 created, 1 deleted, 1 output");
    }
}
