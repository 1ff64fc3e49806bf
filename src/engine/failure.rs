//! What the engines' messages mean: which kind of failure they are, and where.

use std::{fmt::Write as _, sync::LazyLock};

use regex::{RegexSet, RegexSetBuilder};

use super::{
    Target,
    engine_words::engine_words,
    message_file::{MessageFile, NamedFolders, SourceCopy},
    stream_json::{Diagnostic, SourceRange},
    unit_folders::folder_in_use,
    value_place::placed,
};
use crate::model::{Failure, FailureKind};

/// One kind of message; `fixtures/failures/KIND/` holds recorded ones.
pub(super) struct Row {
    /// What it means.
    pub(super) kind: FailureKind,
    /// How it is recognised, in summary and detail, whatever the case.
    pub(super) pattern: &'static str,
    /// Whether the same attempt may well succeed a moment later, with nothing changed.
    pub(super) lasts: Lasts,
}

/// Whether what a message is about passes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lasts {
    /// It stays until somebody does something.
    Stays,
    /// It is known to pass.
    Passes,
    /// That depends on the cause, which stands beside it.
    AsItsCause,
}

const fn row(kind: FailureKind, pattern: &'static str) -> Row {
    Row { kind, pattern, lasts: Lasts::Stays }
}

const fn transient(kind: FailureKind, pattern: &'static str) -> Row {
    Row { kind, pattern, lasts: Lasts::Passes }
}

const fn wrapping(kind: FailureKind, pattern: &'static str) -> Row {
    Row { kind, pattern, lasts: Lasts::AsItsCause }
}

/// The first row that matches decides: a state that is locked, lost or broken comes before the reason why, and a slow or
/// refusing service before the words around it.
pub(super) static ROWS: &[Row] = &[
    row(FailureKind::Locked, r"Lock Info:\s*\n\s*ID:"),
    // A local lock that another process is just about to take: the engine does not wait for that one.
    transient(FailureKind::Locked, r"resource temporarily unavailable\s*\n[\s*]*open "),
    row(FailureKind::State, r"Failed to (save|persist|write) state"),
    row(FailureKind::State, r"Saved plan is stale"),
    row(FailureKind::State, r#"NoSuchBucket|S3 bucket ("[\w.-]+" )?does not exist"#),
    row(FailureKind::State, r"Unsupported state file format|does not have the expected content"),
    transient(
        FailureKind::Throttled,
        r"SlowDown|Throttling(Exception)?\b|Rate exceeded|TooManyRequests|RequestLimitExceeded|StatusCode: 429|\b429 Too Many Requests",
    ),
    row(
        FailureKind::Auth,
        r"No valid credential sources|failed to refresh cached credentials|NoCredentialProviders",
    ),
    row(FailureKind::Auth, r"failed to get shared config profile"),
    row(
        FailureKind::Auth,
        r"StatusCode: 40[13]\b|ExpiredToken|InvalidClientTokenId|SignatureDoesNotMatch|AccessDenied|UnauthorizedOperation|password authentication failed",
    ),
    transient(
        FailureKind::Network,
        r"StatusCode: 50[0234]\b|\b50[0234] (Internal Server Error|Bad Gateway|Service Unavailable|Gateway Timeout)|bad response code: 50[0234]",
    ),
    transient(FailureKind::Network, r"TLS handshake timeout"),
    transient(FailureKind::Network, r"connection reset by peer"),
    // Nobody listens there, or the name is wrong: that stays.
    row(FailureKind::Network, r"connection refused|no such host|network is unreachable"),
    transient(FailureKind::Network, r"i/o timeout|context deadline exceeded|Client\.Timeout exceeded"),
    transient(FailureKind::Network, r"(?m)\bEOF$"),
    // What the backend `http` says of a status above 499.
    transient(FailureKind::Network, r"(?m)giving up after \d+ attempt\(s\)$"),
    // What git says of a source that cannot be fetched.
    row(
        FailureKind::Auth,
        r"fatal: Authentication failed for|fatal: could not read Username|Permission denied \(publickey",
    ),
    row(
        FailureKind::Network,
        r"fatal: unable to access|Could not read from remote repository|does not appear to be a git repository|fatal: unable to connect to",
    ),
    row(FailureKind::Config, r"Provider dependency changes detected|Inconsistent dependency lock file"),
    wrapping(
        FailureKind::Provider,
        r"Failed to (query available|resolve) provider packages|Failed to install provider",
    ),
    row(
        FailureKind::Provider,
        r"Required plugins are not installed|Failed to instantiate provider|Failed to load plugin schemas",
    ),
    wrapping(FailureKind::Config, r"Failed to download module"),
    row(FailureKind::Config, r"Unreadable module directory|Module not (installed|found)"),
    // Terragrunt of folders that a unit names.
    row(
        FailureKind::Config,
        r"Found paths in the 'dependencies' block that do not exist|Working dir [!-~]+ from source [!-~]+ does not exist",
    ),
    row(FailureKind::Config, r"No value for required variable|Invalid value for (input )?variable"),
    row(FailureKind::Config, r"Unsupported argument|Unsupported block type|Missing required argument"),
    row(
        FailureKind::Config,
        r"Unsupported backend type|Backend initialization required|Backend configuration changed",
    ),
    row(FailureKind::Config, r"Unsupported (Terraform|OpenTofu) Core version"),
];

/// What an init has to be run for.
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

/// Whether one of the errors says that `init` must be run.
pub(super) fn init_needed(diagnostics: &[Diagnostic]) -> bool {
    diagnostics
        .iter()
        .filter(|found| found.is_error())
        .any(|found| INIT_NEEDED.iter().any(|words| found.summary.starts_with(words)))
}

/// All rows at once; compiled by the first failure, and never in a run without one.
static PATTERNS: LazyLock<RegexSet> = LazyLock::new(|| {
    RegexSetBuilder::new(ROWS.iter().map(|row| row.pattern))
        .case_insensitive(true)
        .unicode(false)
        .build()
        .expect("the table holds valid patterns")
});

/// What kind of failure a message is, by the table.
pub(super) fn kind_of(text: &str) -> Option<&'static Row> {
    kinds_of(text).next()
}

/// All rows that a message is in, the deciding one first.
pub(super) fn kinds_of(text: &str) -> impl Iterator<Item = &'static Row> {
    PATTERNS.matches(text).into_iter().map(|row| &ROWS[row])
}

/// The warnings among diagnostics, a line each: `warning: summary (file:line)`.
pub(super) fn warnings(diagnostics: &[Diagnostic], target: &Target) -> Vec<String> {
    let line = |found: &Diagnostic| match &found.range {
        Some(range) => format!("warning: {} ({})", found.summary.trim(), place(range, target)),
        None => format!("warning: {}", found.summary.trim()),
    };
    placed(diagnostics, target).iter().filter(|found| !found.is_error()).map(line).collect()
}

/// Returns the failure that diagnostics tell of, with errors about values placed where these are written.
pub(super) fn failure_of(diagnostics: &[Diagnostic], target: &Target) -> Option<Failure> {
    from_diagnostics(&placed(diagnostics, target), target)
}

/// The failure that diagnostics tell of: the first error, with the others below it; nothing without an error.
pub(super) fn from_diagnostics(diagnostics: &[Diagnostic], target: &Target) -> Option<Failure> {
    let mut errors = diagnostics.iter().filter(|found| found.is_error() && !is_preamble(found));
    let first = errors.next().or_else(|| diagnostics.iter().find(|found| found.is_error()))?;
    let mut detail = first.detail.clone();
    for other in errors {
        if !detail.is_empty() {
            detail.push_str("\n\n");
        }
        let place = other.range.as_ref().map(|range| place(range, target) + ": ").unwrap_or_default();
        // Writing to a string cannot fail.
        let _ = write!(detail, "{place}{}\n{}", other.summary, other.detail);
    }
    let words = engine_words(diagnostics.iter().filter(|found| found.is_error()));
    let kind = kind_of(&words).map_or_else(|| by_place(first), |row| row.kind);
    let mut failure = Failure::new(kind, first.summary.trim()).with_detail(detail.trim());
    // What an init says twice of one module has its place the second time.
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

/// A message that is in no row: one about a resource comes from its provider, one about a line from the files.
fn by_place(diagnostic: &Diagnostic) -> FailureKind {
    match (&diagnostic.address, &diagnostic.range) {
        _ if diagnostic.is_about_value => FailureKind::Config,
        (Some(_), _) => FailureKind::Provider,
        (None, Some(_)) => FailureKind::Config,
        (None, None) => FailureKind::Unknown,
    }
}

/// Terraform puts an error without any news before the real ones.
fn is_preamble(diagnostic: &Diagnostic) -> bool {
    diagnostic.summary.contains("encountered problems during initiali")
}

/// Returns the file that an engine names for a stack.
fn named_file(filename: &str, target: &Target) -> MessageFile {
    let copy = target.folder.unit_source.and_then(|unit_source| {
        // A cache that cannot be read has been an error of the plan; here it costs the place alone.
        let folder = folder_in_use(target).ok().filter(|folder| *folder != target.dir)?;
        Some(SourceCopy { folder, original: unit_source(&target.dir) })
    });
    MessageFile::named(filename, &NamedFolders { project: &target.project, stack: &target.dir, copy })
}

fn place(range: &SourceRange, target: &Target) -> String {
    named_file(&range.filename, target).with_line(range.start.line)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use camino::{Utf8Path, Utf8PathBuf};

    use super::*;

    /// The recorded messages, `fixtures/failures/KIND/NAME.txt`, with their kinds.
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
            let found = kind_of(&text).map(|row| serde_json::to_value(row.kind).unwrap());
            assert_eq!(found, Some(kind.into()), "{file}");
        }
    }

    #[test]
    fn each_row_of_the_table_has_a_recorded_message() {
        let recorded = recorded();
        for row in ROWS {
            let is_first = |text: &str| kind_of(text).is_some_and(|found| std::ptr::eq(found, row));
            assert!(recorded.iter().any(|(_, _, text)| is_first(text)), "{}", row.pattern);
        }
    }
}
