//! Classification of engine messages: the kind of failure and its file and line.

use std::{fmt::Write as _, sync::LazyLock};

use regex::{RegexSet, RegexSetBuilder};

use super::{
    engine_words::engine_words,
    message_file::{MessageFile, NamedFolders, SourceCopy},
    stream_json::{EngineDiagnostic, SourceRange},
    value_place::with_places,
};
use crate::{
    engine::{Target, terragrunt::unit_folders::folder_in_use},
    model::{Failure, FailureKind, StackNote},
};

/// Pattern of engine messages; `fixtures/failures/KIND/` holds recorded ones.
pub(super) struct FailurePattern {
    /// Kind of failure that the messages report.
    pub(in crate::engine) kind: FailureKind,
    /// Regular expression for summary and detail, matched without regard to case.
    pub(in crate::engine) pattern: &'static str,
    /// Persistence of the cause, which decides if a retry may succeed.
    pub(super) persistence: Persistence,
}

/// Persistence of the cause of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Persistence {
    /// The cause stays until the user changes something.
    Permanent,
    /// The cause is known to pass without a change.
    Transient,
    /// The persistence depends on the inner error in the same message.
    AsItsCause,
}

/// Returns the pattern of a failure whose cause stays.
const fn permanent(kind: FailureKind, pattern: &'static str) -> FailurePattern {
    FailurePattern { kind, pattern, persistence: Persistence::Permanent }
}

/// Returns the pattern of a failure that a retry may resolve.
const fn transient(kind: FailureKind, pattern: &'static str) -> FailurePattern {
    FailurePattern { kind, pattern, persistence: Persistence::Transient }
}

/// Returns the pattern of a failure whose message holds the inner error that caused it.
const fn wrapping(kind: FailureKind, pattern: &'static str) -> FailurePattern {
    FailurePattern { kind, pattern, persistence: Persistence::AsItsCause }
}

/// Patterns by precedence, the first match decides: a state that is locked, lost or broken comes before the reason for that, and
/// throttling and refused credentials before the messages that wrap them.
pub(super) static FAILURE_PATTERNS: &[FailurePattern] = &[
    permanent(FailureKind::Locked, r"Lock Info:\s*\n\s*ID:"),
    // A local lock that another process is just acquiring: `-lock-timeout` does not cover that moment.
    transient(FailureKind::Locked, r"resource temporarily unavailable\s*\n[\s*]*open "),
    permanent(FailureKind::State, r"Failed to (save|persist|write) state"),
    permanent(FailureKind::State, r"Saved plan is stale"),
    permanent(FailureKind::State, r#"NoSuchBucket|S3 bucket ("[\w.-]+" )?does not exist"#),
    permanent(FailureKind::State, r"Unsupported state file format|does not have the expected content"),
    transient(
        FailureKind::Throttled,
        r"SlowDown|Throttling(Exception)?\b|Rate exceeded|TooManyRequests|RequestLimitExceeded|StatusCode: 429|\b429 Too Many Requests",
    ),
    permanent(
        FailureKind::Auth,
        r"No valid credential sources|failed to refresh cached credentials|NoCredentialProviders",
    ),
    permanent(FailureKind::Auth, r"failed to get shared config profile"),
    permanent(
        FailureKind::Auth,
        r"StatusCode: 40[13]\b|ExpiredToken|InvalidClientTokenId|SignatureDoesNotMatch|AccessDenied|UnauthorizedOperation|password authentication failed",
    ),
    transient(
        FailureKind::Network,
        r"StatusCode: 50[0234]\b|\b50[0234] (Internal Server Error|Bad Gateway|Service Unavailable|Gateway Timeout)|bad response code: 50[0234]",
    ),
    transient(FailureKind::Network, r"TLS handshake timeout"),
    transient(FailureKind::Network, r"connection reset by peer"),
    // No server listens there, or the name is wrong: a retry does not help.
    permanent(FailureKind::Network, r"connection refused|no such host|network is unreachable"),
    transient(FailureKind::Network, r"i/o timeout|context deadline exceeded|Client\.Timeout exceeded"),
    transient(FailureKind::Network, r"(?m)\bEOF$"),
    // Message of the backend `http` on a status above 499.
    transient(FailureKind::Network, r"(?m)giving up after \d+ attempt\(s\)$"),
    // Messages of git on a source that cannot be fetched.
    permanent(
        FailureKind::Auth,
        r"fatal: Authentication failed for|fatal: could not read Username|Permission denied \(publickey",
    ),
    permanent(
        FailureKind::Network,
        r"fatal: unable to access|Could not read from remote repository|does not appear to be a git repository|fatal: unable to connect to",
    ),
    permanent(FailureKind::Config, r"Provider dependency changes detected|Inconsistent dependency lock file"),
    wrapping(
        FailureKind::Provider,
        r"Failed to (query available|resolve) provider packages|Failed to install provider",
    ),
    permanent(
        FailureKind::Provider,
        r"Required plugins are not installed|Failed to instantiate provider|Failed to load plugin schemas",
    ),
    wrapping(FailureKind::Config, r"Failed to download module"),
    permanent(FailureKind::Config, r"Unreadable module directory|Module not (installed|found)"),
    // Messages of Terragrunt on folders that a unit names.
    permanent(
        FailureKind::Config,
        r"Found paths in the 'dependencies' block that do not exist|Working dir [!-~]+ from source [!-~]+ does not exist",
    ),
    permanent(FailureKind::Config, r"No value for required variable|Invalid value for (input )?variable"),
    permanent(FailureKind::Config, r"Unsupported argument|Unsupported block type|Missing required argument"),
    permanent(
        FailureKind::Config,
        r"Unsupported backend type|Backend initialization required|Backend configuration changed",
    ),
    permanent(FailureKind::Config, r"Unsupported (Terraform|OpenTofu) Core version"),
];

/// Summaries of errors that go away after an init.
///
/// Source: measured with OpenTofu 1.12.6 and Terraform 1.11.4.
const INIT_NEEDED: &[&str] = &[
    "Module not installed",
    "Module source has changed",
    "Module version requirements have changed",
    "Required plugins are not installed",
    "Inconsistent dependency lock file",
    "Backend initialization required",
];

/// Returns true if one of the errors says that `init` must be run.
pub(in crate::engine) fn init_needed(diagnostics: &[EngineDiagnostic]) -> bool {
    diagnostics
        .iter()
        .filter(|found| found.is_error())
        .any(|found| INIT_NEEDED.iter().any(|words| found.summary.starts_with(words)))
}

/// Regular expressions of [`FAILURE_PATTERNS`], compiled at the first failure only.
static PATTERNS: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSetBuilder::new(FAILURE_PATTERNS.iter().map(|row| row.pattern))
        .case_insensitive(true)
        .unicode(false)
        .build()
        .expect("the table holds valid patterns")
});

/// Returns the first pattern that matches a message.
pub(super) fn pattern_of(text: &str) -> Option<&'static FailurePattern> {
    patterns_of(text).next()
}

/// Returns all patterns that match a message, by precedence.
pub(super) fn patterns_of(text: &str) -> impl Iterator<Item = &'static FailurePattern> {
    PATTERNS.matches(text).into_iter().map(|row| &FAILURE_PATTERNS[row])
}

/// Returns the warnings among diagnostics, one line each: `warning: summary (file:line)`.
pub(in crate::engine) fn warnings(diagnostics: &[EngineDiagnostic], target: &Target) -> Vec<String> {
    let line = |found: &EngineDiagnostic| {
        let summary = found.summary.trim();
        let range = found.range.as_ref().map(|range| format!("{summary} ({})", range_text(range, target)));
        StackNote::Warning(range.as_deref().unwrap_or(summary)).to_string()
    };
    with_places(diagnostics, target).iter().filter(|found| !found.is_error()).map(line).collect()
}

/// Returns the failure that diagnostics report; errors about the value of a variable name the file that sets the value.
pub(super) fn failure_of(diagnostics: &[EngineDiagnostic], target: &Target) -> Option<Failure> {
    from_diagnostics(&with_places(diagnostics, target), target)
}

/// Returns the failure that diagnostics report: the first error, with the others below it; `None` without an error.
pub(super) fn from_diagnostics(diagnostics: &[EngineDiagnostic], target: &Target) -> Option<Failure> {
    let mut errors = diagnostics.iter().filter(|found| found.is_error() && !is_preamble(found));
    let first = errors.next().or_else(|| diagnostics.iter().find(|found| found.is_error()))?;
    let mut detail = first.detail.clone();
    for other in errors {
        if !detail.is_empty() {
            detail.push_str("\n\n");
        }
        let place = other.range.as_ref().map(|range| range_text(range, target) + ": ").unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(detail, "{place}{}\n{}", other.summary, other.detail);
    }
    let words = engine_words(diagnostics.iter().filter(|found| found.is_error()));
    let kind = pattern_of(&words).map_or_else(|| kind_by_subject(first), |row| row.kind);
    let mut failure = Failure::new(kind, first.summary.trim()).with_detail(detail.trim());
    // An init may report one module twice, and only the second error has a place.
    let mut of_same = diagnostics.iter().filter(|found| found.is_error() && found.summary == first.summary);
    let range = first.range.as_ref().or_else(|| of_same.find_map(|found| found.range.as_ref()));
    match range.map(|range| (range, named_file(&range.filename, target))) {
        Some((range, MessageFile::Path(file))) => {
            failure.file = Some(file);
            failure.line = Some(range.start.line);
        }
        Some((range, copied)) => {
            failure.detail = format!("at {}\n{}", copied.with_line(range.start.line), failure.detail);
        }
        None => {}
    }
    Some(failure)
}

/// Returns the kind of failure for a message that matches no pattern: Provider if the message is about a resource, Config
/// if it is about a line.
fn kind_by_subject(diagnostic: &EngineDiagnostic) -> FailureKind {
    match (&diagnostic.address, &diagnostic.range) {
        _ if diagnostic.is_about_value => FailureKind::Config,
        (Some(_), _) => FailureKind::Provider,
        (None, Some(_)) => FailureKind::Config,
        (None, None) => FailureKind::Unknown,
    }
}

/// Returns true for the general error that Terraform prints before the specific ones.
fn is_preamble(diagnostic: &EngineDiagnostic) -> bool {
    diagnostic.summary.contains("encountered problems during initiali")
}

/// Returns the file that an engine names in a message about a stack, as the user finds it.
fn named_file(filename: &str, target: &Target) -> MessageFile {
    let copy = target.folder.unit_source.and_then(|unit_source| {
        // An unreadable cache is an error of the plan; here only the place of the message is lost.
        let folder = folder_in_use(target).ok().filter(|folder| *folder != target.dir)?;
        Some(SourceCopy { folder, original: unit_source(&target.dir) })
    });
    MessageFile::locate(filename, &NamedFolders { project: &target.project, stack: &target.dir, copy })
}

/// Returns file and line of a range as text.
fn range_text(range: &SourceRange, target: &Target) -> String {
    named_file(&range.filename, target).with_line(range.start.line)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use camino::{Utf8Path, Utf8PathBuf};

    use super::*;

    /// Returns the recorded messages, `fixtures/failures/KIND/NAME.txt`, with their kinds.
    fn recorded() -> Vec<(String, Utf8PathBuf, String)> {
        let root = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/failures");
        let mut found = Vec::new();
        for kind in root.read_dir_utf8().unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir()) {
            for file in kind.path().read_dir_utf8().unwrap().map(Result::unwrap) {
                let text = fs::read_to_string(file.path()).unwrap();
                found.push((kind.file_name().to_owned(), file.into_path(), text));
            }
        }
        found
    }

    #[test]
    fn each_recorded_message_is_of_its_kind() {
        for (kind, file, text) in recorded() {
            let found = pattern_of(&text).map(|row| serde_json::to_value(row.kind).unwrap());
            assert_eq!(found, Some(kind.into()), "{file}");
        }
    }

    #[test]
    fn each_row_of_the_table_has_a_recorded_message() {
        let recorded = recorded();
        for row in FAILURE_PATTERNS {
            let is_first = |text: &str| pattern_of(text).is_some_and(|found| std::ptr::eq(found, row));
            assert!(recorded.iter().any(|(_, _, text)| is_first(text)), "{}", row.pattern);
        }
    }
}
