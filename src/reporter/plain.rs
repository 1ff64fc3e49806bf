//! Reporter for pipes, files and CI: one line per finished stack, followed by the stack's output in one piece.

use std::{io, sync::Arc};

use super::{outcome_line, step_counter::StepCounter, step_text};
use crate::{
    event::{Consumer, Event, EventKind},
    model::Outcome,
    ui::Printer,
};

/// Writes lines to standard error.
pub struct PlainReporter {
    printer: Arc<Printer>,
    counter: StepCounter,
}

impl PlainReporter {
    /// Makes a reporter that writes through the run's printer.
    pub fn new(printer: Arc<Printer>) -> Self {
        Self { printer, counter: StepCounter::default() }
    }
}

impl Consumer for PlainReporter {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn consume(&mut self, event: &Event) -> io::Result<()> {
        self.counter.count(&event.kind);
        let (styles, width) = (self.printer.err_styles(), self.counter.width);
        match &event.kind {
            EventKind::StepFinished(step) => {
                // Failures and refusals are printed also with `--quiet`.
                let is_failure = matches!(step.outcome, Outcome::Failed(_) | Outcome::Refused(_))
                    && !step.outcome.is_beyond_confirmed();
                let print = |line: &str| {
                    if is_failure { self.printer.say_always(line) } else { self.printer.say(line) }
                };
                print(&outcome_line::finished_line(step, width, styles));
                for line in step_text::with_engine_output(step, self.printer.detail())? {
                    print(&format!("    {line}"));
                }
            }
            EventKind::StackSkipped { stack, outcome } => {
                self.printer.say(outcome_line::skipped_line(stack.as_str(), outcome, width, styles));
                for line in step_text::refusal_details(outcome) {
                    self.printer.say(format_args!("    {line}"));
                }
            }
            EventKind::InterruptRequested { count, .. } => {
                self.printer.say_always(interrupt_message(*count, self.counter.running));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Returns the message for the interrupt of this number, with `running` steps at that time.
pub(super) fn interrupt_message(count: u32, running: usize) -> &'static str {
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
