//! Errors of engine processes that failed or were interrupted.

use std::sync::LazyLock;

use camino::Utf8Path;
use regex::Regex;

use super::{
    engine_words::engine_words,
    failure::{failure_of, pattern_of},
    lock_info::with_holder,
    stream_json::EngineDiagnostic,
    text_diagnostics::{from_output, from_text, without_log_prefix},
};
use crate::{
    engine::{
        EngineError, Target,
        driver::{Driver, Invocation},
        process::call::StreamResult,
    },
    model::{Failure, FailureKind},
    process::{CapturedOutput, Exit, without_credentials},
    ui::uncolored,
};

/// Returns the error of a JSON stream that exited neither with 0 nor, for a plan, with 2.
pub(in crate::engine) fn stream_error(
    invocation: Invocation<'_>,
    streamed: &StreamResult,
    verb: &str,
) -> EngineError {
    let Invocation { driver, target, session } = invocation;
    let failure = failure_of(&streamed.diagnostics, target);
    if session.runner.is_interrupted() {
        return EngineError::Interrupted {
            notes: interruption_notes(verb, &engine_words(&streamed.diagnostics), streamed.exit),
        };
    }
    let failure = match streamed.exit {
        Exit::Code(1) => failure
            .or_else(|| streamed.non_json_output(driver.program_name(), driver.dialect()))
            .unwrap_or_else(|| {
                let text = streamed.stderr.join("\n");
                let diagnostics = from_text(&text, &target.var_files);
                failure_from_stderr(&text, &diagnostics, driver, verb, streamed.exit, target)
            }),
        exit => unexpected_exit(driver, verb, exit, failure, &streamed.stderr.join("\n")),
    };
    EngineError::Failed(masked_with_holder(
        Failure { engine_exit_code: streamed.exit.code(), ..failure },
        invocation,
    ))
}

/// Returns the failure of an apply that exited with 0 but reported an error or no end: a wrapper may have hidden its exit
/// code.
pub(in crate::engine) fn hidden_failure(
    invocation: Invocation<'_>,
    streamed: &StreamResult,
) -> Option<Failure> {
    let Invocation { driver, target, .. } = invocation;
    let program = driver.program_name();
    let error = failure_of(&streamed.diagnostics, target);
    let failure = match (error, &streamed.reports.errored) {
        (Some(error), _) => {
            let summary =
                format!("`{program} apply` ended with status 0 in spite of an error: {}", error.summary);
            Failure { summary, kind: FailureKind::Engine, ..error }
        }
        (None, Some(address)) => {
            let summary = format!("`{program} apply` ended with status 0 and failed at `{address}`");
            Failure::new(FailureKind::Engine, summary)
        }
        (None, None) if !streamed.reports.finished => {
            let summary = format!("`{program} apply` ended with status 0 and did not say that it was done");
            Failure::new(FailureKind::Engine, summary).with_detail(streamed.stderr.join("\n"))
        }
        (None, None) => return None,
    };
    Some(masked_with_holder(Failure { engine_exit_code: Some(0), ..failure }, invocation))
}

/// Returns the error of a command without JSON that did not exit with 0.
pub(in crate::engine) fn command_error(
    invocation: Invocation<'_>,
    captured: &CapturedOutput,
    verb: &str,
) -> EngineError {
    let Invocation { driver, target, session } = invocation;
    if session.runner.is_interrupted() {
        return EngineError::Interrupted { notes: Vec::new() };
    }
    // Verbs without `-no-color` write colours into a pipe.
    let text = String::from_utf8_lossy(&captured.stderr);
    let text = uncolored(&text);
    let failure = match captured.exit {
        Exit::Code(1) => {
            let diagnostics = from_output(captured, &target.var_files);
            failure_from_stderr(&text, &diagnostics, driver, verb, captured.exit, target)
        }
        exit => unexpected_exit(driver, verb, exit, None, &text),
    };
    EngineError::Failed(masked_with_holder(
        Failure { engine_exit_code: captured.exit.code(), ..failure },
        invocation,
    ))
}

/// Note on a provisioner that an interrupt ended, for an engine that does not name its resource.
pub(in crate::engine) const PROVISIONER_CANCELLED: &str =
    "a running provisioner was cancelled: its resource is tainted, and the next plan replaces it";

/// Returns notes on what an interrupted engine may have left behind, from its output; an engine that plans has changed no
/// state.
fn interruption_notes(verb: &str, output: &str, exit: Exit) -> Vec<String> {
    if verb == "plan" {
        return Vec::new();
    }
    let mut notes = Vec::new();
    if output.contains("provisioner") {
        notes.push(PROVISIONER_CANCELLED);
    }
    // Both engines print this at a second SIGINT only.
    if output.contains("operation canceled") {
        notes
            .push("the engine gave up at the second signal: what it was doing may be missing from the state");
    }
    if matches!(exit, Exit::Signal(_)) {
        notes.push(
            "the engine was killed: what it did may be missing from the state, which may still be locked",
        );
    }
    notes.into_iter().map(str::to_owned).collect()
}

/// Returns the failure that diagnostics report, else the failure that the text on standard error describes.
fn failure_from_stderr(
    text: &str,
    diagnostics: &[EngineDiagnostic],
    driver: &dyn Driver,
    verb: &str,
    exit: Exit,
    target: &Target,
) -> Failure {
    let failure = failure_of(diagnostics, target).unwrap_or_else(|| {
        if let Some(failure) = unfetched_source(text, target) {
            return failure;
        }
        let kind = pattern_of(text).map_or(FailureKind::Unknown, |row| row.kind);
        let last = text.lines().rfind(|line| !line.trim().is_empty());
        let last = last.map(|line| without_log_prefix(line.trim()));
        let summary = match last {
            Some(last) => format!("`{} {verb}` ended with {exit}: {last}", driver.program_name()),
            None => format!("`{} {verb}` ended with {exit} and said nothing", driver.program_name()),
        };
        Failure::new(kind, summary).with_detail(text.trim())
    });
    match unresolved_dependency(text, target) {
        Some(cause) => with_cause(failure, &cause),
        None => failure,
    }
}

/// Message of Terragrunt on a unit whose outputs it cannot read (measured on 1.1.3).
static UNRESOLVED_DEPENDENCY: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"resolving dependency "([^"]+)" outputs: (.+)"#).expect("the pattern is valid")
});

/// Returns the reason why Terragrunt cannot read the outputs of another unit; Terragrunt prints it last, below the
/// expressions that need them.
fn unresolved_dependency(text: &str, target: &Target) -> Option<String> {
    let found = UNRESOLVED_DEPENDENCY.captures(text)?;
    let reason = found[2].replace(&format!("{}/", target.project), "");
    Some(format!("cannot read the outputs of dependency `{}`: {}", &found[1], reason.trim()))
}

/// Puts the cause of a failure before the summary that an engine reported.
fn with_cause(failure: Failure, cause: &str) -> Failure {
    let is_missing = failure.kind == FailureKind::Unknown && cause.ends_with("does not exist");
    let kind = if is_missing { FailureKind::Config } else { failure.kind };
    let is_effect = !failure.summary.contains("resolving dependency");
    let effect = if is_effect { failure.summary + "\n" } else { String::new() };
    let detail = effect + &failure.detail;
    Failure { kind, summary: cause.to_owned(), detail, ..failure }
}

/// Message of Terragrunt before the source of a unit that it could not fetch (measured on 1.1.3).
const DOWNLOADING: &str = "downloading source url ";

/// Returns the failure of a unit whose source Terragrunt could not fetch, with the cause that git or another program
/// reported. Removes users and passwords from URLs, which Terragrunt prints as the source has them. A local source needs no
/// network.
fn unfetched_source(text: &str, target: &Target) -> Option<Failure> {
    let text = without_credentials(text);
    let (_, said) = text.rsplit_once(DOWNLOADING)?;
    let mut lines = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let source = lines.next()?;
    let rest: Vec<&str> = lines.collect();
    let is_cause = |line: &&&str| ["fatal: ", "error: "].iter().any(|word| line.starts_with(word));
    let cause = rest.iter().find(is_cause).or_else(|| rest.iter().find(|line| line.starts_with("* ")));
    let cause = cause.map_or(String::new(), |cause| format!(": {}", cause.trim_start_matches("* ")));
    if let Some(folder) = source.strip_prefix("file://") {
        let folder = Utf8Path::new(folder);
        let shown = folder.strip_prefix(&target.project).unwrap_or(folder);
        let summary = if cause.ends_with("no such file or directory") {
            format!("the source of the unit is not there: `{shown}` does not exist")
        } else {
            format!("cannot copy the source `{shown}`{cause}")
        };
        return Some(Failure::new(FailureKind::Config, summary).with_detail(text.trim()));
    }
    let kind = pattern_of(said).map(|row| row.kind).filter(|kind| *kind == FailureKind::Auth);
    let summary = format!("cannot fetch the source `{source}`{cause}");
    Some(Failure::new(kind.unwrap_or(FailureKind::Network), summary).with_detail(text.trim()))
}

/// Returns the failure of a process whose exit code or signal is not one that the engine by itself ends with.
fn unexpected_exit(
    driver: &dyn Driver,
    verb: &str,
    exit: Exit,
    failure: Option<Failure>,
    stderr: &str,
) -> Failure {
    let program = driver.program_name();
    let summary = match exit {
        Exit::Signal(signal) => format!("`{program} {verb}` was killed by signal {signal}"),
        Exit::Code(code) => format!("`{program} {verb}` ended with status {code}, which no engine does"),
    };
    let said = failure.map(|failure| format!("{}\n{}", failure.summary, failure.detail)).unwrap_or_default();
    Failure::new(FailureKind::Engine, summary).with_detail(format!("{said}\n{stderr}").trim())
}

/// Adds the holder of a state lock to a failure, and masks secrets in it.
fn masked_with_holder(failure: Failure, invocation: Invocation<'_>) -> Failure {
    let failure = with_holder(failure, invocation.target);
    let redactor = invocation.session.runner.redactor();
    Failure {
        summary: without_credentials(&redactor.mask(&failure.summary)).into_owned(),
        detail: without_credentials(&redactor.mask(&failure.detail)).into_owned(),
        ..failure
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupted_plan_has_left_nothing_behind_that_a_user_must_mend() {
        assert_eq!(interruption_notes("plan", "operation canceled", Exit::Signal(2)), Vec::<String>::new());
        let applied = interruption_notes("apply", "operation canceled", Exit::Signal(2));
        assert!(applied.len() == 2 && applied[1].contains("may still be locked"), "{applied:?}");
    }
}
