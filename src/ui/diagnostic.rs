//! Rendering of diagnostics with the source lines they refer to.

use std::sync::Arc;

use annotate_snippets::{
    AnnotationKind, Group, Level, Renderer, Snippet,
    renderer::{DEFAULT_CONTEXT_STYLE, DEFAULT_HELP_STYLE},
};
use anstyle::Style;

use crate::diagnostic::{Diagnostic, Diagnostics, Label, Severity, SourceFile};

/// Formats a diagnostic, without a final line feed.
///
/// Source lines wider than `width` columns are cut around the label.
pub fn render(diagnostic: &Diagnostic, color: bool, width: usize) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(diagnostic.message.as_str()).id(diagnostic.code);
    let mut group = Group::with_title(title);
    let shown_labels = diagnostic.labels.iter().filter(|label| !label.source.is_confidential());
    for (source, labels) in by_source(shown_labels) {
        group = group.element(snippet(source, &labels, diagnostic.labels.first()));
    }
    let renderer = if color { Renderer::styled() } else { Renderer::plain() };
    let mut shown = renderer.term_width(width).render(&[group]);
    for label in diagnostic.labels.iter().filter(|label| label.source.is_confidential()) {
        shown.push_str(&position_text(label));
    }
    for line in &diagnostic.help {
        shown.push('\n');
        shown.push_str(&help_line(diagnostic, line, color));
    }
    shown
}

/// Formats a line of help: aligned with the line numbers above it, or as a `hint:` if no source lines are printed.
fn help_line(diagnostic: &Diagnostic, line: &str, color: bool) -> String {
    let style = |style: Style, text: &str| {
        if color { format!("{style}{text}{style:#}") } else { text.to_owned() }
    };
    let shown_labels = diagnostic.labels.iter().filter(|label| !label.source.is_confidential());
    let last_line = shown_labels.map(last_line).max();
    match last_line {
        Some(number) => {
            let indent = " ".repeat(number.to_string().len() + 1);
            format!(
                "{indent}{} {}: {line}",
                style(DEFAULT_CONTEXT_STYLE, "="),
                style(Style::new().bold(), "help")
            )
        }
        None => format!("{}: {line}", style(DEFAULT_HELP_STYLE, "hint")),
    }
}

/// Formats the position of a label in a confidential file, whose lines are not printed.
fn position_text(label: &Label) -> String {
    let (line, column) = label.source.position(label.span.start);
    let text = if label.text.is_empty() { String::new() } else { format!(" ({})", label.text) };
    format!("\n --> {}:{line}:{column}{text}", label.source.path())
}

/// Returns the number of the last line that a label touches.
fn last_line(label: &Label) -> usize {
    label.source.position(label_range(label.source.text(), label).end).0
}

/// Formats diagnostics separated by empty lines, without a final line feed.
pub fn render_all(diagnostics: &Diagnostics, color: bool, width: usize) -> String {
    let shown: Vec<_> = diagnostics.0.iter().map(|diagnostic| render(diagnostic, color, width)).collect();
    shown.join("\n\n")
}

/// Groups labels by file, the file of the first label first.
fn by_source<'l>(labels: impl Iterator<Item = &'l Label>) -> Vec<(&'l Arc<SourceFile>, Vec<&'l Label>)> {
    let mut sources: Vec<(&Arc<SourceFile>, Vec<&Label>)> = Vec::new();
    for label in labels {
        match sources.iter_mut().find(|(source, _)| Arc::ptr_eq(source, &label.source)) {
            Some((_, own)) => own.push(label),
            None => sources.push((&label.source, vec![label])),
        }
    }
    sources
}

fn snippet<'a>(
    source: &'a SourceFile,
    labels: &[&'a Label],
    first: Option<&'a Label>,
) -> Snippet<'a, annotate_snippets::Annotation<'a>> {
    let text = source.text();
    let annotations = labels.iter().map(|label| {
        let is_first = first.is_some_and(|first| std::ptr::eq(first, *label));
        let kind = if is_first { AnnotationKind::Primary } else { AnnotationKind::Context };
        let annotation = kind.span(label_range(text, label));
        if label.text.is_empty() { annotation } else { annotation.label(label.text.as_str()) }
    });
    Snippet::source(text).path(source.path().as_str()).annotations(annotations)
}

/// Returns the label's range, limited to the text and to whole characters: an invalid range must not hide the
/// message.
fn label_range(text: &str, label: &Label) -> std::ops::Range<usize> {
    let floor = |at: usize| {
        let mut at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(label.span.start);
    start..floor(label.span.end).max(start)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unknown_stack() -> Diagnostic {
        let text =
            "[project]\nname = \"shop\"\n\n[stacks.app]\npath = \"infra/app\"\nneeds = [\"netwrok\"]\n";
        let source = SourceFile::new("environments.toml", text);
        let need = text.find("\"netwrok\"").unwrap();
        let stack = text.find("app]").unwrap();
        Diagnostic::error("config::unknown-stack", "stack `app` needs `netwrok`, which is not declared")
            .at(&source, need..need + 9, "no such stack")
            .at(&source, stack..stack + 3, "in this stack")
            .did_you_mean("netwrok", ["network"])
    }

    #[test]
    fn a_finding_shows_its_lines_and_what_to_do() {
        insta::assert_snapshot!(render(&unknown_stack(), false, 100), @r#"
        error[config::unknown-stack]: stack `app` needs `netwrok`, which is not declared
         --> environments.toml:6:10
          |
        4 | [stacks.app]
          |         --- in this stack
        5 | path = "infra/app"
        6 | needs = ["netwrok"]
          |          ^^^^^^^^^ no such stack
          = help: did you mean `network`?
        "#);
    }

    #[test]
    fn colour_changes_nothing_but_colour() {
        let coloured = render(&unknown_stack(), true, 100);
        assert!(coloured.contains('\u{1b}'));
        let mut plain = String::new();
        let mut rest = coloured.as_str();
        while let Some((before, escape)) = rest.split_once('\u{1b}') {
            plain.push_str(before);
            rest = escape.split_once('m').unwrap().1;
        }
        plain.push_str(rest);
        assert_eq!(plain, render(&unknown_stack(), false, 100));
    }

    #[test]
    fn a_finding_without_a_place_is_still_shown() {
        let finding = Diagnostic::warning("config::idle", "nothing to do").help("do something");
        insta::assert_snapshot!(render(&finding, false, 100), @r"
        warning[config::idle]: nothing to do
        hint: do something
        ");
    }

    #[test]
    fn a_place_outside_the_file_does_not_hide_the_message() {
        let source = SourceFile::new("a.toml", "ä");
        for span in [0..1, 1..9, 5..9, 0..0] {
            let finding = Diagnostic::error("config::x", "wrong").at(&source, span, "here");
            assert!(render(&finding, false, 80).starts_with("error[config::x]: wrong"));
        }
    }

    #[test]
    fn findings_stand_apart() {
        let all = Diagnostics(vec![Diagnostic::error("a::b", "one"), Diagnostic::error("a::c", "two")]);
        assert_eq!(render_all(&all, false, 80), "error[a::b]: one\n\nerror[a::c]: two");
    }
}
