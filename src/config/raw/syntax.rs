//! Syntax errors of TOML, with help for common mistakes.

use std::{ops::Range, sync::Arc};

use crate::diagnostic::{Diagnostic, Diagnostics, SourceFile};

/// Converts the parser's errors to diagnostics, one for each line: a parser that goes on after an error repeats itself.
pub(crate) fn syntax_diagnostics(source: &Arc<SourceFile>, errors: &[toml::de::Error]) -> Diagnostics {
    let mut found: Vec<(Range<usize>, &str)> =
        errors.iter().map(|error| (error.span().unwrap_or(0..0), error.message())).collect();
    found.sort_by_key(|(span, _)| span.start);
    let mut problems = Diagnostics::default();
    let mut lines = Vec::new();
    for (span, message) in found {
        let (line, _) = source.position(span.start);
        if !lines.contains(&line) {
            lines.push(line);
            problems.push(syntax_diagnostic(source, span, message));
        }
    }
    problems
}

fn syntax_diagnostic(source: &Arc<SourceFile>, span: Range<usize>, message: &str) -> Diagnostic {
    if message == "duplicate key" {
        return explain_duplicate_key(source, span);
    }
    let line = line_at(source.text(), span.start);
    let problem = Diagnostic::error("config::syntax", format!("this is not TOML: {message}"));
    if message.starts_with("invalid unquoted key") {
        return explain_unquoted_key(source, problem, span);
    }
    if message.starts_with("cannot extend value of type inline table") {
        return problem
            .at(source, span, "already complete")
            .help("`{ … }` cannot be added to: put all keys between its braces, or use a `[table]` instead");
    }
    // A text like `infra/` begins like a number or a word of TOML.
    let is_word = source.text().get(span.clone()).is_some_and(|text| text.starts_with(char::is_alphabetic));
    let mut problem = problem.at(source, span, "");
    if is_word && message.starts_with("invalid ") {
        "this is not TOML: string values must be quoted".clone_into(&mut problem.message);
    }
    let is_unquoted = ["string values must be quoted", "invalid float", "invalid boolean", "invalid integer"];
    if is_unquoted.iter().any(|words| message.starts_with(words)) && line.contains('=') {
        return problem.help("texts stand between quotes, as `workspace = \"staging\"`");
    }
    problem
}

/// Explains a key with a character that needs quotes, such as the `/` in the name of a discovered stack.
fn explain_unquoted_key(source: &Arc<SourceFile>, problem: Diagnostic, span: Range<usize>) -> Diagnostic {
    let text = source.text();
    let boundary = |c: char| c.is_whitespace() || "[]=\"'.{},#".contains(c);
    let start = text[..span.start].rfind(boundary).map_or(0, |at| at + 1);
    let end = text[span.start..].find(boundary).map_or(text.len(), |at| span.start + at);
    let key = &text[start..end];
    problem.at(source, start..end, "must be quoted").help(format!("write `\"{key}\"`"))
}

/// Explains a duplicate key: a reopened table, a dotted key beside a `[table]`, or a repeated line.
fn explain_duplicate_key(source: &Arc<SourceFile>, span: Range<usize>) -> Diagnostic {
    let text = source.text();
    let key = &text[span.clone()];
    let header = line_at(text, span.start).trim_start().starts_with('[');
    let problem = Diagnostic::error("config::duplicate-key", format!("`{key}` is written twice")).at(
        source,
        span.clone(),
        "for the second time",
    );
    let problem = match first_occurrence(text, key, span.start, header) {
        Some((first, _)) => problem.at(source, first, "first here"),
        None => problem,
    };
    let first_is_header =
        first_occurrence(text, key, span.start, header).is_some_and(|(_, is_header)| is_header);
    match (header, first_is_header) {
        (true, true) => problem.help("a table is opened once: put all its keys under one header"),
        (true, false) | (false, true) => problem.help(
            "a dotted key and a `[table]` for the same thing cannot stand together: move all of it under the header",
        ),
        (false, false) => problem.help("remove one of them"),
    }
}

/// Returns the span of a key's first occurrence before an offset, and true if the occurrence is in a table header.
fn first_occurrence(text: &str, key: &str, before: usize, header: bool) -> Option<(Range<usize>, bool)> {
    let same_header = header.then(|| line_at(text, before).trim());
    let mut fallback = None;
    for (at, _) in text[..before].match_indices(key) {
        let whole = |c: Option<char>| c.is_none_or(|c| !(c.is_alphanumeric() || c == '_' || c == '-'));
        if !whole(text[..at].chars().next_back()) || !whole(text[at + key.len()..].chars().next()) {
            continue;
        }
        let line = line_at(text, at);
        if same_header.is_some_and(|header| line.trim() == header) {
            return Some((at..at + key.len(), true));
        }
        let in_header = line.trim_start().starts_with('[');
        let is_key = in_header || line.split('=').next().is_some_and(|left| left.contains(key));
        if is_key {
            fallback = Some((at..at + key.len(), in_header));
        }
    }
    fallback
}

/// Returns the line that contains an offset.
fn line_at(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    let end = text[at..].find('\n').map_or(text.len(), |newline| at + newline);
    &text[start..end]
}
