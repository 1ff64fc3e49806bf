//! What the engines' messages mean: which kind of failure they are, and where.

use std::{fmt::Write as _, sync::LazyLock};

use camino::{Utf8Path, Utf8PathBuf};
use regex::{RegexSet, RegexSetBuilder};

use super::{
    Target,
    engine_words::engine_words,
    message_file::MessageFile,
    stream_json::{Diagnostic, SourcePosition, SourceRange},
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
    match first.range.as_ref().map(|range| (range, MessageFile::named(&range.filename, target))) {
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

fn place(range: &SourceRange, target: &Target) -> String {
    MessageFile::named(&range.filename, target).with_line(range.start.line)
}

/// The diagnostics in text for people, for the verbs that have no JSON: `Error: …`, `on main.tf line 2`, paragraphs. Excerpts of
/// files that hold values, those of the instance or others, are left out.
pub(super) fn from_text(text: &str, var_files: &[Utf8PathBuf]) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = Vec::new();
    let mut shows_values = false;
    for line in text.lines() {
        let line = without_log_prefix(line).trim_start_matches(['│', '╷', '╵', '|', ' ']).trim_end();
        shows_values = (shows_values && !line.is_empty()) || line.starts_with(VALUES);
        if let Some(summary) = line.strip_prefix("Error: ") {
            found.push(Diagnostic {
                severity: "error".to_owned(),
                summary: summary.to_owned(),
                detail: String::new(),
                address: None,
                range: None,
                is_about_value: false,
            });
        } else if line.starts_with("Warning: ") {
            found.push(Diagnostic { severity: "warning".to_owned(), ..empty() });
        } else if let Some(last) = found.last_mut() {
            if let (None, Some(range)) = (&last.range, place_in_text(line)) {
                last.range = Some(range);
            } else if (shows_values && !line.starts_with(CALL)) || is_of_value_file(last, line, var_files) {
                // A value of the expression, or an excerpt of a var file.
            } else if !(line.is_empty() && last.detail.is_empty()) {
                last.detail.push_str(line);
                last.detail.push('\n');
            }
        }
    }
    found.retain(Diagnostic::is_error);
    found
}

/// Beginning of the line below which a diagnostic lists the values of its expression, to the next empty line: those of variables,
/// locals, `each.value` and whatever else the expression names. Measured on OpenTofu 1.12.6 and Terraform 1.11.4.
const VALUES: &str = "├─";

/// Beginning of the line in that list that names a function and no value.
const CALL: &str = "while calling ";

/// Endings of the names of files that declare something. Any other file holds values: a var file or a backend's configuration
/// may have any name, and Terragrunt's units name some that envctl does not know.
const DECLARING: [&str; 4] = [".tf", ".tofu", ".tf.json", ".tofu.json"];

/// Returns true if a line below a diagnostic is the line that it is about, of a file that holds values. Of the instance's var files
/// the name alone counts, for engines show paths in several ways.
fn is_of_value_file(diagnostic: &Diagnostic, line: &str, var_files: &[Utf8PathBuf]) -> bool {
    let in_value_file = diagnostic.range.as_ref().is_some_and(|range| {
        let name = Utf8Path::new(&range.filename).file_name();
        let is_own = var_files.iter().any(|file| file.file_name() == name);
        is_own || !name.is_some_and(|name| DECLARING.iter().any(|ending| name.ends_with(ending)))
    });
    in_value_file && line.split_once(": ").is_some_and(|(number, _)| number.parse::<u32>().is_ok())
}

/// What follows `ERRO[0000] ` in Terragrunt's bare log.
fn without_log_prefix(line: &str) -> &str {
    ["ERRO[", "WARN["]
        .iter()
        .find_map(|prefix| line.strip_prefix(prefix)?.split_once("] "))
        .map_or(line, |(_, rest)| rest)
}

fn empty() -> Diagnostic {
    Diagnostic {
        severity: String::new(),
        summary: String::new(),
        detail: String::new(),
        address: None,
        range: None,
        is_about_value: false,
    }
}

/// `on main.tf line 2, in resource "a" "b":`
fn place_in_text(line: &str) -> Option<SourceRange> {
    let (filename, rest) = line.strip_prefix("on ")?.split_once(" line ")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    Some(SourceRange { filename: filename.to_owned(), start: SourcePosition { line: digits.parse().ok()? } })
}

#[cfg(test)]
mod tests {
    use std::fs;

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

    #[test]
    fn a_text_for_people_becomes_a_failure_with_its_place() {
        let text = "Initializing the backend...\n\nWarning: Old\n\nhush\n\nError: Invalid attribute name\n\n  \
                    on main.tf line 2, in resource \"terraform_data\" \"a\":\n   2:  input = var.\n\nAn attribute name \
                    is required after a dot.\n";
        let found = from_text(text, &[]);
        let failure = from_diagnostics(&found, &Target::sample("/p".into(), "infra/a")).unwrap();
        assert_eq!(failure.summary, "Invalid attribute name");
        assert_eq!((failure.file.as_deref(), failure.line), (Some("infra/a/main.tf"), Some(2)));
        assert_eq!(failure.kind, FailureKind::Config);
        assert!(failure.detail.ends_with("An attribute name is required after a dot."), "{}", failure.detail);
    }

    #[test]
    fn the_excerpt_of_a_var_file_and_the_values_of_variables_are_left_out() {
        let var_files = ["../vars/prod.tf".into()];
        for file in ["prod.tfvars", "prod.values", "../vars/secret", "../common.hcl", "../vars/prod.tf"] {
            let text = format!(
                "Error: Invalid value for variable\n\n  on {file} line 2:\n   2: password = \"hush-hush\"\n    ├────────────────\n    │ \
                 var.password is \"hush-hush\"\n\nIt is too short.\n"
            );
            let found = from_text(&text, &var_files);
            assert_eq!(found[0].range.as_ref().map(|range| range.start.line), Some(2));
            assert!(!found[0].detail.contains("hush-hush"), "{file}: {}", found[0].detail);
            assert!(found[0].detail.contains("It is too short."), "{}", found[0].detail);
        }
    }

    #[test]
    fn the_values_that_an_expression_names_are_left_out() {
        let text = "Error: Error in function call\n\n  on main.tf line 5, in resource \"terraform_data\" \"a\":\n   5:   input = regex(\"^[0-9]+$\", local.secret)\n    ├────────────────\n    │ while calling regex(pattern, string)\n    │ local.secret is \"hush-hush\"\n    │ each.value is \"hush-hush\"\n    │ k is \"hush-hush\"\n\nCall to function \"regex\" failed.\n";
        let boxed: String = text.lines().map(|line| format!("│ {line}\n")).collect();
        for text in [text, &boxed] {
            let detail = &from_text(text, &[])[0].detail;
            assert!(!detail.contains("hush-hush"), "{detail}");
            assert!(detail.contains("while calling regex(pattern, string)"), "{detail}");
            assert!(detail.contains("Call to function \"regex\" failed."), "{detail}");
        }
    }
}
