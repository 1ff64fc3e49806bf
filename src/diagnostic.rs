//! What is wrong with a file, where, and what to do about it: data, no rendering.

use std::{fmt, ops::Range, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Probably not meant.
    Warning,
    /// Nothing can go on.
    Error,
}

/// A text file that findings point into.
#[derive(PartialEq, Eq)]
pub struct SourceFile {
    path: Utf8PathBuf,
    text: String,
    is_confidential: bool,
    is_argument: bool,
}

impl SourceFile {
    /// A file by the path to show and its whole text.
    pub fn new(path: impl Into<Utf8PathBuf>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { path: path.into(), text: text.into(), is_confidential: false, is_argument: false })
    }

    /// Text that was given on the command line or by the environment; it is named as the user gave it.
    pub fn argument(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        let path = Utf8PathBuf::from(name.into());
        Arc::new(Self { path, text: text.into(), is_confidential: false, is_argument: true })
    }

    /// Returns true if it is no file: an editor or a pipeline cannot open it.
    pub fn is_argument(&self) -> bool {
        self.is_argument
    }

    /// Source file whose lines are never shown, since they hold values: a var file.
    #[must_use]
    pub fn confidential(&self) -> Arc<Self> {
        Arc::new(Self {
            path: self.path.clone(),
            text: self.text.clone(),
            is_confidential: true,
            is_argument: self.is_argument,
        })
    }

    /// Returns true if its lines are not shown.
    pub fn is_confidential(&self) -> bool {
        self.is_confidential
    }

    /// The path as it is shown.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Line and column of a byte offset, both from 1; the column counts characters.
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

/// A place in a file with a few words about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The file.
    pub source: Arc<SourceFile>,
    /// Bytes in its text.
    pub span: Range<usize>,
    /// What to say there; may be empty.
    pub text: String,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// `room::name`, stable: `config::unknown-stack`.
    pub code: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// One sentence, lower case, without full stop.
    pub message: String,
    /// Where; the first is the place itself, the others give context.
    pub labels: Vec<Label>,
    /// What to do, one line each.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// An error without a place yet.
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: Vec::new(),
        }
    }

    /// A warning without a place yet.
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// The same finding with one more place.
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

    /// The same finding with one more line of help.
    #[must_use]
    pub fn help(mut self, line: impl Into<String>) -> Self {
        self.help.push(line.into());
        self
    }

    /// The same finding with a "did you mean" when one of the names is close enough.
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

/// Findings in the order in which they were found; never an empty error.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Diagnostics(pub Vec<Diagnostic>);

impl Diagnostics {
    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Whether any of them is an error.
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|d| d.severity == Severity::Error)
    }

    /// The value, unless there are errors; warnings are handed back beside it.
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

/// The name that a mistyped word probably meant: at most a third of its letters away.
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
