//! Lines below the result of a step: reasons, notes, and the engine's output.

use std::{collections::BTreeSet, io};

use super::log_tail;
use crate::{
    event::{StepFinished, StepKind},
    model::{EngineName, Outcome, StackNote},
    ui::Detail,
};

/// Returns the lines of a finished step: those of envctl, and the engine's for an apply or with `--verbose`.
pub(super) fn with_engine_output(step: &StepFinished, detail: Detail) -> io::Result<Vec<String>> {
    let own = own_lines(step);
    if detail < Detail::Verbose && step.step != StepKind::Apply {
        return Ok(own);
    }
    let mut lines = engine_output(step, detail)?;
    // The details of a failure are the engine's own words.
    let logged: BTreeSet<String> = lines.iter().map(|line| line.trim().to_owned()).collect();
    lines.extend(own.into_iter().filter(|line| !logged.contains(line.trim())));
    Ok(lines)
}

/// Returns envctl's own lines on a step: position and details of a failure, and notes.
pub(super) fn own_lines(step: &StepFinished) -> Vec<String> {
    let mut lines = Vec::new();
    if let Outcome::Failed(failure) = &step.outcome {
        lines.extend(failure.file.as_ref().map(|file| match failure.line {
            Some(line) => format!("at {file}:{line}"),
            None => format!("at {file}"),
        }));
        lines.extend(failure.summary.lines().skip(1).chain(failure.detail.lines()).map(str::to_owned));
    }
    lines.extend(refusal_details(&step.outcome));
    let notes = step.notes.iter().map(|note| StackNote::parse(note));
    lines.extend(notes.filter_map(|note| match note {
        // The line of the step itself has these notes.
        StackNote::AppliedEarlier(_) | StackNote::DestroyedEarlier(_) | StackNote::Deferred(_) => None,
        StackNote::Warning(_) => Some(note.to_string()),
        StackNote::Tentative(reason) => Some(format!("note: {}", tentative_line(reason))),
        _ => Some(format!("note: {note}")),
    }));
    lines
}

/// Formats the reason why a plan is tentative.
pub(super) fn tentative_line(reason: &str) -> String {
    format!("depends on values that are not known yet: {reason}")
}

/// Returns the details of a refusal and the command to type, which follow its short reason.
pub(super) fn refusal_details(outcome: &Outcome) -> Vec<String> {
    let Outcome::Refused(blocks) = outcome else { return Vec::new() };
    blocks.iter().flat_map(|block| block.message.lines().skip(1)).map(str::to_owned).collect()
}

/// Messages of the engines while they stop: the line of the step says that it was interrupted.
const STOP_MESSAGES: [&str; 6] = [
    "Interrupt received.",
    "Please wait for OpenTofu to exit or data loss may occur.",
    "Please wait for Terraform to exit or data loss may occur.",
    "Gracefully shutting down...",
    "Stopping operation...",
    "Error: execution halted",
];

/// Returns the engine's output in a step. Without `--verbose`, lines are left out that say nothing to the user: command
/// lines, versions, exit codes, and what the line of the step says already.
fn engine_output(step: &StepFinished, detail: Detail) -> io::Result<Vec<String>> {
    let Some(log) = &step.log else { return Ok(Vec::new()) };
    let mut lines = log_tail::lines_of_last_step(log)?;
    if detail < Detail::Verbose {
        lines.retain(|line| !is_superfluous(line, &step.outcome));
    }
    Ok(lines)
}

/// Returns true for a line of the engine that repeats the result of its step.
fn is_superfluous(line: &str, outcome: &Outcome) -> bool {
    let line = line.trim();
    line.is_empty()
        || line.starts_with("$ ")
        || line.starts_with("(exit status ")
        || is_version(line)
        || match outcome {
            Outcome::Failed(failure) => {
                line.strip_prefix("Error: ").is_some_and(|said| Some(said) == failure.summary.lines().next())
            }
            Outcome::Interrupted => STOP_MESSAGES.contains(&line),
            _ => false,
        }
}

/// Returns true for the first line of each engine process: `OpenTofu 1.12.6`.
fn is_version(line: &str) -> bool {
    EngineName::ALL.iter().filter_map(|engine| line.strip_prefix(engine.title())?.strip_prefix(' ')).any(
        |version| version.starts_with(|c: char| c.is_ascii_digit()) && !version.contains(char::is_whitespace),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Failure, FailureKind};

    #[test]
    fn lines_that_repeat_the_result_are_left_out() {
        let failed = Outcome::Failed(Failure::new(FailureKind::Provider, "creating the bucket"));
        for line in ["", "$ tofu apply", "(exit status 1)", "OpenTofu 1.12.6", "Error: creating the bucket"] {
            assert!(is_superfluous(line, &failed), "{line}");
        }
        for line in ["  quota exceeded", "Error: deleting the bucket", "Error: execution halted"] {
            assert!(!is_superfluous(line, &failed), "{line}");
        }
        assert!(is_superfluous("Error: execution halted", &Outcome::Interrupted));
        assert!(!is_superfluous("Error: creating the bucket", &Outcome::Interrupted));
    }

    #[test]
    fn the_version_line_of_an_engine_is_no_output() {
        assert!(is_version("OpenTofu 1.12.6") && is_version("Terraform 1.11.4-beta1"));
        assert!(
            !is_version("OpenTofu 1.12.6 is out of date") && !is_version("Terraform has been initialized")
        );
    }
}
