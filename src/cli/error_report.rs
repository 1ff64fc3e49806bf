//! Error report: turns the error of a verb into an exit code, a message, hints, and one JSON document.

use std::fmt::Write as _;

use crate::{
    config::{ConfigError, UnknownEnvironment},
    diagnostic::{Diagnostic, Diagnostics, Label, Severity},
    engine::{EngineUnavailable, GivenFlags},
    executor::{AssembleError, DispatchError, SecretError, TargetError},
    graph::SelectionError,
    inventory::InventoryError,
    journal::StoreError,
    model::{ErrorDocument, ErrorReport, ExitStatus, FailureKind, RunResult},
    reporter::github_annotation,
    run::{StackFailed, Stopped, Usage},
    ui::Printer,
};

/// Error in the form that the user gets.
pub(super) struct UserError {
    pub(super) status: ExitStatus,
    /// Findings with source lines, printed before the message.
    findings: Diagnostics,
    /// Message after `error:`; `None` if the findings say all.
    message: Option<String>,
    hints: Vec<String>,
    kind: FailureKind,
}

/// Turns an error of a verb into its message, hints and exit code; suggested commands repeat the flags.
pub(super) fn user_error(error: &anyhow::Error, verb: &str, flags: &GivenFlags) -> UserError {
    let mut shown = UserError {
        status: ExitStatus::Failed,
        findings: Diagnostics::default(),
        message: Some(error_with_causes(error)),
        hints: Vec::new(),
        kind: FailureKind::Unknown,
    };
    if let Some(stopped) = error.downcast_ref::<Stopped>() {
        shown.status = stopped.status;
        shown.hints.clone_from(&stopped.hints);
        shown.kind = failure_kind(stopped.status);
    } else if let Some(usage) = error.downcast_ref::<Usage>() {
        add_usage(&mut shown, usage, verb, flags);
    } else if error.is::<UnknownEnvironment>() {
        shown.status = ExitStatus::Usage;
        shown.kind = FailureKind::Config;
    } else if let Some(selection) = error.downcast_ref::<SelectionError>() {
        shown.status = ExitStatus::Usage;
        shown.kind = FailureKind::Config;
        shown.hints.extend(selection.suggestion().map(|s| format!("did you mean `{s}`?")));
        shown.hints.push(selection.alternatives(&flags.command("list")));
    } else if let Some(store) = error.downcast_ref::<StoreError>() {
        shown.status = ExitStatus::Usage;
        if matches!(store, StoreError::Ambiguous { .. } | StoreError::NotFound(_)) {
            shown.hints.push(format!("`{}` shows the runs", flags.command("runs list")));
        }
    } else if let Some(findings) = diagnostics_in(error) {
        shown.status = ExitStatus::Configuration;
        shown.kind = FailureKind::Config;
        shown.findings = findings;
        shown.message = None;
    } else if let Some(failed) = error.downcast_ref::<StackFailed>() {
        shown.status = match failed.failure.kind {
            FailureKind::Locked => ExitStatus::Locked,
            FailureKind::Config => ExitStatus::Configuration,
            FailureKind::Refused => ExitStatus::Refused,
            _ => ExitStatus::Failed,
        };
        shown.kind = failed.failure.kind;
        if !failed.failure.detail.is_empty() {
            shown.message = Some(format!("{error}\n{}", failed.failure.detail.trim_end()));
        }
    } else if let Some(DispatchError::Schedule(_) | DispatchError::Fold(_)) = error.downcast_ref() {
        shown.status = ExitStatus::Defect;
        shown.kind = FailureKind::Defect;
        shown.hints.push("this is a defect of envctl, not of the project: please report it".to_owned());
    } else if is_configuration(error) {
        shown.status = ExitStatus::Configuration;
        shown.kind = FailureKind::Config;
        if let Some(AssembleError::Engine(engine)) = error.downcast_ref::<AssembleError>() {
            shown.hints.push(engine.help());
        }
    }
    shown
}

fn add_usage(shown: &mut UserError, usage: &Usage, verb: &str, flags: &GivenFlags) {
    shown.status = ExitStatus::Usage;
    shown.kind = FailureKind::Config;
    match usage {
        Usage::NoConfig(_) => {
            shown.status = ExitStatus::Configuration;
            shown.hints.push("`envctl init` writes a first one".to_owned());
        }
        Usage::UnknownStack { suggestion: Some(name), .. } => {
            shown.hints.push(format!("did you mean `{name}`?"));
        }
        Usage::UnknownStack { .. } => {
            shown.hints.push(format!("`{}` shows the stacks", flags.command("list")));
        }
        Usage::OutputIsInput { instead: Some(flag), .. } => {
            shown.hints.push(format!("no selected stack reads the file of `{flag}`"));
        }
        Usage::NoEnvironment(names) => shown.hints.extend(
            names.first().map(|name| format!("for example `{}`", flags.command(&format!("{verb} {name}")))),
        ),
        Usage::NoDeclaredEnvironment => {
            let example = "`[environments.dev]` in environments.toml declares the environment `dev`";
            shown.hints.push(example.to_owned());
        }
        Usage::StackAsEnvironment { .. } | Usage::OutputIsInput { .. } | Usage::Other(_) => {}
    }
}

fn diagnostics_in(error: &anyhow::Error) -> Option<Diagnostics> {
    if let Some(ConfigError::Invalid(findings)) = error.downcast_ref::<ConfigError>() {
        return Some(findings.clone());
    }
    if let Some(InventoryError::Invalid(findings)) = error.downcast_ref::<InventoryError>() {
        return Some(findings.clone());
    }
    if let Some(AssembleError::Target(TargetError::Secret(problem))) = error.downcast_ref::<AssembleError>() {
        return Some(Diagnostics::from((**problem).clone()));
    }
    error
        .downcast_ref::<Diagnostics>()
        .cloned()
        .or_else(|| error.downcast_ref::<Diagnostic>().map(|d| Diagnostics::from(d.clone())))
}

fn is_configuration(error: &anyhow::Error) -> bool {
    error.is::<ConfigError>()
        || error.is::<InventoryError>()
        || error.is::<AssembleError>()
        || error.is::<EngineUnavailable>()
        || error.is::<SecretError>()
}

fn failure_kind(status: ExitStatus) -> FailureKind {
    match status {
        ExitStatus::Refused => FailureKind::Refused,
        ExitStatus::Locked => FailureKind::Locked,
        ExitStatus::Configuration | ExitStatus::Usage => FailureKind::Config,
        ExitStatus::Defect => FailureKind::Defect,
        _ => FailureKind::Unknown,
    }
}

/// Returns an error with its causes, each once.
fn error_with_causes(error: &anyhow::Error) -> String {
    let mut text = error.to_string();
    for cause in error.chain().skip(1) {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            // Writing to a String cannot fail.
            let _ = write!(text, ": {cause}");
        }
    }
    text
}

/// Returns the JSON document of an error.
fn error_document(status: ExitStatus, error: ErrorReport) -> ErrorDocument {
    let result = match status {
        ExitStatus::Refused => RunResult::Refused,
        ExitStatus::Locked => RunResult::Locked,
        ExitStatus::Interrupted(_) => RunResult::Interrupted,
        _ => RunResult::Failed,
    };
    ErrorDocument { format: 1, result, exit_code: status.code(), error }
}

/// Returns the JSON document of a defect that ended the program; the panic itself has printed its message.
pub(super) fn defect(summary: &str) -> ErrorDocument {
    let report = ErrorReport {
        kind: FailureKind::Defect,
        summary: summary.to_owned(),
        detail: String::new(),
        file: None,
        line: None,
    };
    error_document(ExitStatus::Defect, report)
}

/// Returns the error of a command line that cannot be parsed.
pub(super) fn usage_error(message: String, hints: Vec<String>) -> UserError {
    UserError {
        status: ExitStatus::Usage,
        findings: Diagnostics::default(),
        message: Some(message),
        hints,
        kind: FailureKind::Config,
    }
}

impl UserError {
    /// Adds a hint, if there is one.
    pub(super) fn add_hint(&mut self, hint: Option<String>) {
        self.hints.extend(hint);
    }

    /// Prints the error on standard error.
    pub(super) fn say(&self, printer: &Printer, github: bool) {
        if github {
            self.annotate(printer);
        }
        if !self.findings.0.is_empty() {
            printer.findings(&self.findings);
        }
        if let Some(message) = &self.message {
            printer.error(message);
        }
        for hint in &self.hints {
            printer.hint(hint);
        }
    }

    /// Prints the error as annotations that GitHub Actions shows beside the file.
    fn annotate(&self, printer: &Printer) {
        for finding in self.findings.0.iter().filter(|f| f.severity == Severity::Error) {
            let first = finding.labels.first();
            let (file, line) = first.and_then(file_and_line).unzip();
            let given = first.map(|label| &label.source).filter(|source| source.is_argument());
            let message = match given {
                Some(argument) => format!("{} (given by `{}`)", finding.message, argument.path()),
                None => finding.message.clone(),
            };
            printer.workflow_command(github_annotation("envctl", file, line.flatten(), &message));
        }
        if let Some(message) = &self.message {
            printer.workflow_command(github_annotation("envctl", None, None, message));
        }
    }

    /// Returns the JSON document that `--json` prints in place of data, with the secrets masked that the printer masks.
    pub(super) fn document(&self, printer: &Printer) -> ErrorDocument {
        let mut report = self.report();
        for text in [&mut report.summary, &mut report.detail] {
            *text = printer.masked(text).into_owned();
        }
        error_document(self.status, report)
    }

    fn report(&self) -> ErrorReport {
        let first = self.findings.0.iter().find(|f| f.severity == Severity::Error);
        let place = first.and_then(|f| f.labels.first()).and_then(file_and_line);
        let summary = first.map(|f| f.message.clone()).or_else(|| self.message.clone()).unwrap_or_default();
        let detail: Vec<String> = match first {
            Some(_) => self.findings.0.iter().map(ToString::to_string).collect(),
            None => self.hints.clone(),
        };
        ErrorReport {
            kind: self.kind,
            summary,
            detail: detail.join("\n"),
            file: place.map(|(file, _)| file.to_owned()),
            line: place.and_then(|(_, line)| line),
        }
    }
}

/// Returns the file and the line of a label; `None` for a text on the command line.
fn file_and_line(label: &Label) -> Option<(&str, Option<u32>)> {
    let (line, _) = label.source.position(label.span.start);
    (!label.source.is_argument()).then(|| (label.source.path().as_str(), u32::try_from(line).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{executor::ScheduleError, journal::JournalError};

    #[test]
    fn a_run_that_contradicts_itself_is_a_defect() {
        let twice = ScheduleError::DuplicateStep("app".parse().unwrap());
        let shown = user_error(
            &anyhow::Error::new(DispatchError::from(twice)).context("apply"),
            "apply",
            &GivenFlags::default(),
        );
        assert_eq!((shown.status, shown.kind), (ExitStatus::Defect, FailureKind::Defect));
        assert_eq!(shown.status.code(), 70);
        assert_eq!(shown.message.as_deref(), Some("apply: stack `app` has two steps in one round"));
    }

    #[test]
    fn a_journal_that_cannot_be_written_is_no_defect() {
        let gap = JournalError::Gap { path: "journal.jsonl".into() };
        let shown =
            user_error(&anyhow::Error::new(DispatchError::from(gap)), "apply", &GivenFlags::default());
        assert_eq!((shown.status, shown.kind), (ExitStatus::Failed, FailureKind::Unknown));
    }
}
