//! Diagnostics: a problem in a file, its position and the help for the user, as data. Rendering is in `ui/`.

use std::{fmt, ops::Range, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};

/// Severity of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Information that needs no action.
    Note,
    /// Problem that does not stop the verb.
    Warning,
    /// Problem that stops the verb.
    Error,
}

/// Text that diagnostics point into: a file, or an argument of the command line or the environment.
#[derive(PartialEq, Eq)]
pub struct SourceFile {
    path: Utf8PathBuf,
    text: String,
    is_confidential: bool,
    is_argument: bool,
}

impl SourceFile {
    /// Creates a source from the path that messages show and the whole text of the file.
    pub fn new(path: impl Into<Utf8PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into(), is_confidential: false, is_argument: false })
    }

    /// Creates a source from a text of the command line or of an environment variable; `name` is shown in place of a path.
    pub fn argument(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let path = Utf8PathBuf::from(name.into());
        Arc::new(Self { path, text: text.into(), is_confidential: false, is_argument: true })
    }

    /// Returns true if the text comes from the command line or an environment variable, so that no editor or CI annotation
    /// can open it.
    pub fn is_argument(&self) -> bool {
        self.is_argument
    }

    /// Returns a copy of the source whose lines are never shown, since they may hold secret values: a var file.
    #[must_use]
    pub fn confidential(&self) -> Arc<Self> {
        Arc::new(Self {
            path: self.path.clone(),
            text: self.text.clone(),
            is_confidential: true,
            is_argument: self.is_argument,
        })
    }

    /// Returns true if the lines of the source must not be shown.
    pub fn is_confidential(&self) -> bool {
        self.is_confidential
    }

    /// Returns the path as messages show it.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Returns the whole text of the source.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns line and column of a byte offset, both from 1; the column counts characters.
    pub fn position(&self, offset: usize) -> (usize, usize) {
        let mut end = offset.min(self.text.len());
        while !self.text.is_char_boundary(end) {
            end -= 1;
        }
        let before = &self.text[..end];
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }
}

impl fmt::Debug for SourceFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SourceFile({})", self.path)
    }
}

/// Span of a source with a short text about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Source that the span points into.
    pub source: Arc<SourceFile>,
    /// Range of bytes in the text of the source.
    pub span: Range<usize>,
    /// Text shown at the span; may be empty.
    pub text: String,
}

/// One problem of a file or an argument, with its positions and help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable code `module::name`: `config::unknown-stack`.
    pub code: &'static str,
    /// Severity of the problem.
    pub severity: Severity,
    /// One sentence, lower case, without full stop.
    pub message: String,
    /// Spans in sources; the first is that of the problem itself, the others give context.
    pub labels: Vec<Label>,
    /// Lines of help for the user.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// Creates an error without labels.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: Vec::new(),
        }
    }

    /// Creates a warning without labels.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Adds a label: a text at a span of a source.
    #[must_use]
    pub fn at(mut self, source: &Arc<SourceFile>, span: Range<usize>, text: impl Into<String>) -> Self {
        self.labels.push(Label { source: Arc::clone(source), span, text: text.into() });
        self
    }

    /// Removes the lines of the files that the finding is about: a value in them is, or should be, a secret.
    #[must_use]
    pub fn without_excerpts(mut self) -> Self {
        for label in &mut self.labels {
            label.source = label.source.confidential();
        }
        self
    }

    /// Adds a line of help.
    #[must_use]
    pub fn help(mut self, line: impl Into<String>) -> Self {
        self.help.push(line.into());
        self
    }

    /// Adds "did you mean …?" to the help when one of the names is similar to the word.
    #[must_use]
    pub fn did_you_mean<'a>(self, word: &str, names: impl IntoIterator<Item = &'a str>) -> Self {
        match closest(word, names) {
            Some(name) => self.help(format!("did you mean `{name}`?")),
            None => self,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(label) = self.labels.first().filter(|label| label.source.is_argument()) {
            write!(f, "{}: ", label.source.path())?;
        } else if let Some(label) = self.labels.first() {
            let (line, column) = label.source.position(label.span.start);
            write!(f, "{}:{line}:{column}: ", label.source.path())?;
        }
        f.write_str(&self.message)
    }
}

/// Diagnostics in the order in which they were found. As an error type, never empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Appends a diagnostic.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Returns true if at least one diagnostic is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// Returns the value with the warnings, or all diagnostics if at least one is an error.
    pub fn finish<T>(self, value: T) -> Result<(T, Self), Self> {
        if self.has_errors() { Err(self) } else { Ok((value, self)) }
    }
}

impl fmt::Display for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, diagnostic) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Diagnostics {}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Self {
        Self(vec![diagnostic])
    }
}

impl Extend<Diagnostic> for Diagnostics {
    fn extend<I: IntoIterator<Item = Diagnostic>>(&mut self, more: I) {
        self.0.extend(more);
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// Returns the name that a mistyped word probably meant: at most a third of the letters differ, or the word begins the name.
pub fn closest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let limit = (word.chars().count() / 3).max(1);
    names
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(word, name), name))
        .filter(|(distance, name)| *distance <= limit || (word.len() >= 3 && name.starts_with(word)))
        .min()
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_characters_from_one() {
        let file = SourceFile::new("a.toml", "ä = 1\nöb = 2\n");
        assert_eq!(file.position(0), (1, 1));
        assert_eq!(file.position("ä = 1\nö".len()), (2, 2));
        assert_eq!(file.position(999), (3, 1));
    }

    #[test]
    fn the_closest_name_is_close() {
        assert_eq!(closest("netwrok", ["network", "app"]), Some("network"));
        assert_eq!(closest("prod", ["production", "staging"]), Some("production"));
        assert_eq!(closest("x", ["network"]), None);
    }
}
