//! Prompts on standard error, so that standard output contains only data.

use std::{
    io::{self, Write as _},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use dialoguer::{Select, console::Term, theme::SimpleTheme};

use super::line_input::{ask_line, discard_typed_input};
use crate::{
    executor::{Answer, Prompt, Prompter},
    run::Picker,
    ui::{Printer, visible},
};

/// Prompts on the terminal. Input that was typed before a question is discarded.
pub(super) struct Dialogue {
    printer: Arc<Printer>,
    /// True once a note about discarded input was printed.
    is_discard_reported: AtomicBool,
}

impl Dialogue {
    pub(super) fn new(printer: Arc<Printer>) -> Self {
        Self { printer, is_discard_reported: AtomicBool::new(false) }
    }

    fn report_discard(&self) {
        if !self.is_discard_reported.swap(true, Ordering::Relaxed) {
            self.printer.note("input that was typed before the question was discarded");
        }
    }
}

impl Prompter for Dialogue {
    fn ask(&self, ask: &Prompt) -> io::Result<Answer> {
        let line = |question: &str, marker: &str| {
            ask_line(&visible(question), marker, || self.report_discard()).inspect(|line| {
                if line.is_none() {
                    end_question_line();
                }
            })
        };
        Ok(match ask {
            Prompt::YesNo { question } => match line(question, " [y/N] ")? {
                Some(line) if is_yes(&line) => Answer::Yes,
                _ => Answer::No,
            },
            Prompt::TypeName { question, .. } => line(question, ": ")?.map_or(Answer::No, Answer::Typed),
        })
    }

    fn restore_terminal(&self) {
        end_question_line();
    }
}

impl Picker for Dialogue {
    fn pick(&self, question: &str, choices: &[String]) -> io::Result<Option<usize>> {
        if discard_typed_input()? > 0 {
            self.report_discard();
        }
        Select::with_theme(&SimpleTheme)
            .with_prompt(question)
            .items(choices)
            .default(0)
            .interact_on_opt(&Term::stderr())
            .map_err(into_io)
    }
}

/// Returns true for `y` and `yes`, in lower or upper case.
fn is_yes(line: &str) -> bool {
    ["y", "yes"].iter().any(|yes| line.eq_ignore_ascii_case(yes))
}

/// Prints the line feed after a question that the user has not answered.
fn end_question_line() {
    // A terminal that was closed has no line to end.
    drop(io::stderr().write_all(b"\n"));
}

fn into_io(error: dialoguer::Error) -> io::Error {
    match error {
        dialoguer::Error::IO(error) => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_y_and_yes_are_a_yes() {
        assert!(["y", "Y", "yes", "Yes", "YES"].into_iter().all(is_yes));
        let others = ["", "n", "nay", "yy", "ye", "yes please", "y y", "prod", "\u{ff59}", "true", "1"];
        assert!(!others.into_iter().any(is_yes));
    }
}
