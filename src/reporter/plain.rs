//! Reporter for pipes, files and CI: one line per finished stack, followed by the stack's output in one piece.

use std::{collections::BTreeSet, io, sync::Arc};

use super::{log_tail, outcome_line, stack_table::WARNING};
use crate::{
    event::{Consumer, Event, EventKind, StepFinished, StepKind},
    model::{Outcome, earlier_apply},
    ui::{Detail, Printer},
};

/// Writes lines to standard error.
pub struct Plain {
    printer: Arc<Printer>,
    width: usize,
    running: usize,
}

impl Plain {
    /// Makes a reporter that writes through the run's printer.
    pub fn new(printer: Arc<Printer>) -> Self {
        Self { printer, width: 0, running: 0 }
    }
}

impl Consumer for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn consume(&mut self, event: &Event) -> io::Result<()> {
        let styles = self.printer.err_styles();
        match &event.kind {
            EventKind::RunStarted { stacks, .. } => {
                self.width = stacks.iter().map(|s| s.stack.as_str().chars().count()).max().unwrap_or(0);
            }
            EventKind::StepStarted { .. } => self.running += 1,
            EventKind::StepFinished(step) => {
                self.running = self.running.saturating_sub(1);
                // Failures and refusals are printed also with `--quiet`.
                let wrong = matches!(step.outcome, Outcome::Failed(_) | Outcome::Refused(_))
                    && !step.outcome.is_beyond_confirmed();
                let tell =
                    |line: &str| if wrong { self.printer.always(line) } else { self.printer.say(line) };
                tell(&outcome_line::finished(step, self.width, styles));
                for line in output(step, self.printer.detail())? {
                    tell(&format!("    {line}"));
                }
            }
            EventKind::StackSkipped { stack, outcome } => {
                self.printer.say(outcome_line::skipped(stack.as_str(), outcome, self.width, styles));
                for line in refused(outcome) {
                    self.printer.say(format_args!("    {line}"));
                }
            }
            EventKind::InterruptRequested { count, .. } => {
                self.printer.always(interrupted(*count, self.running));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Returns the output of a step to print: envctl's lines, and the engine's for an apply or with `--verbose`.
pub(super) fn output(step: &StepFinished, detail: Detail) -> io::Result<Vec<String>> {
    let own = told(step);
    if detail < Detail::Verbose && step.step != StepKind::Apply {
        return Ok(own);
    }
    let mut lines = logged(step, detail)?;
    // The details of a failure are the engine's own words.
    let logged: BTreeSet<String> = lines.iter().map(|line| line.trim().to_owned()).collect();
    lines.extend(own.into_iter().filter(|line| !logged.contains(line.trim())));
    Ok(lines)
}

/// Returns envctl's own lines on a step: place and details of a failure, and notes.
pub(super) fn told(step: &StepFinished) -> Vec<String> {
    let mut lines = Vec::new();
    if let Outcome::Failed(failure) = &step.outcome {
        lines.extend(failure.file.as_ref().map(|file| match failure.line {
            Some(line) => format!("at {file}:{line}"),
            None => format!("at {file}"),
        }));
        lines.extend(failure.summary.lines().skip(1).chain(failure.detail.lines()).map(str::to_owned));
    }
    lines.extend(refused(&step.outcome));
    // The line of the step itself has this note.
    let earlier = earlier_apply(&step.notes);
    let notes = step.notes.iter().filter(|note| Some(note.as_str()) != earlier);
    lines.extend(
        notes.map(|note| if note.starts_with(WARNING) { note.clone() } else { format!("note: {note}") }),
    );
    lines
}

/// Returns the details of a refusal and the command to type, which follow its short reason.
pub(super) fn refused(outcome: &Outcome) -> Vec<String> {
    let Outcome::Refused(blocks) = outcome else { return Vec::new() };
    blocks.iter().flat_map(|block| block.message.lines().skip(1)).map(str::to_owned).collect()
}

/// Returns the engine's output in a step; command lines (`$ …`) only with `--verbose`.
fn logged(step: &StepFinished, detail: Detail) -> io::Result<Vec<String>> {
    let Some(log) = &step.log else { return Ok(Vec::new()) };
    let mut lines = log_tail::last_step(log)?;
    lines.retain(|line| detail >= Detail::Verbose || !line.starts_with("$ "));
    Ok(lines)
}

/// Returns the message for the interrupt of this number, with `running` steps at that time.
pub(super) fn interrupted(count: u32, running: usize) -> &'static str {
    match count {
        _ if running == 0 => "interrupted: nothing runs, and nothing new starts",
        1 => "interrupted: nothing new starts; waiting for running engines to stop cleanly",
        2 => "still waiting; a third interrupt asks the engines to stop at once, and they may lose state",
        3 => {
            "the engines were asked to stop at once; a fourth interrupt kills them, and what they did may not be recorded"
        }
        _ => "the engines were killed: check the states before anything else",
    }
}
