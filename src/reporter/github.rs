//! Reporter for GitHub Actions: the plain lines with groups and annotations.
//!
//! Source: <https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions>.

use std::{io, sync::Arc};

use super::{outcome_line, plain::interrupt_message, step_counter::StepCounter, step_text};
use crate::{
    event::{Consumer, Event, EventKind},
    model::{Failure, Outcome, StackId},
    ui::{Detail, Printer, Styles},
};

/// Writes groups and annotations to standard error, which GitHub treats like standard output.
pub struct GitHubReporter {
    printer: Arc<Printer>,
    counter: StepCounter,
}

impl GitHubReporter {
    /// Makes a reporter that writes through the run's printer.
    pub fn new(printer: Arc<Printer>) -> Self {
        Self { printer, counter: StepCounter::default() }
    }
}

impl Consumer for GitHubReporter {
    fn name(&self) -> &'static str {
        "github"
    }

    fn consume(&mut self, event: &Event) -> io::Result<()> {
        self.counter.count(&event.kind);
        let (styles, width) = (self.printer.err_styles(), self.counter.width);
        match &event.kind {
            EventKind::StepFinished(step) => {
                let line = outcome_line::finished_line(step, width, styles);
                let lines = step_text::with_engine_output(step, Detail::Verbose)?;
                if lines.is_empty() {
                    self.printer.say(line);
                } else {
                    let grouped = self.printer.detail() > Detail::Quiet;
                    if grouped {
                        self.printer.workflow_command(format_args!("::group::{line}"));
                    }
                    for line in lines {
                        self.printer.say(format_args!("    {line}"));
                    }
                    if grouped {
                        self.printer.workflow_command("::endgroup::");
                    }
                }
                if let Outcome::Failed(failure) = &step.outcome {
                    self.printer.workflow_command(annotation(&step.stack, failure));
                }
            }
            EventKind::StackSkipped { stack, outcome } => {
                self.printer.say(outcome_line::skipped_line(
                    stack.as_str(),
                    outcome,
                    width,
                    Styles::new(false),
                ));
            }
            EventKind::InterruptRequested { count, .. } => {
                self.printer.say_always(interrupt_message(*count, self.counter.running));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Formats an error annotation: `::error file=infra/app/main.tf,line=3,title=app::summary`.
pub fn github_annotation(title: &str, file: Option<&str>, line: Option<u32>, text: &str) -> String {
    let mut place = String::new();
    if let Some(file) = file {
        place = format!("file={},", escaped_property(file));
        if let Some(line) = line {
            place = format!("{place}line={line},");
        }
    }
    format!("::error {place}title={}::{}", escaped_property(title), escaped_message(text))
}

fn annotation(stack: &StackId, failure: &Failure) -> String {
    github_annotation(stack.as_str(), failure.file.as_deref(), failure.line, &failure.summary)
}

/// Escapes the message of a workflow command.
fn escaped_message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property of a workflow command, such as `title`.
fn escaped_property(text: &str) -> String {
    escaped_message(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::FailureKind;

    #[test]
    fn an_annotation_escapes_what_would_end_it() {
        let mut failure = Failure::new(FailureKind::Config, "bad: 100%\nreally");
        failure.file = Some("a,b.tf".to_owned());
        failure.line = Some(3);
        assert_eq!(
            annotation(&"app".parse().unwrap(), &failure),
            "::error file=a%2Cb.tf,line=3,title=app::bad: 100%25%0Areally"
        );
    }
}
