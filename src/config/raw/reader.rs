//! Reads a spanned TOML tree key by key and collects every problem instead of stopping at the first.

use std::{ops::Range, sync::Arc};

use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

use crate::{
    config::origin::{Layer, Origin, quoted},
    diagnostic::{Diagnostic, Diagnostics, SourceFile},
};

/// A value of the file with its place.
pub(crate) type Node<'t> = Spanned<DeValue<'t>>;

/// The texts that places point into: environments.toml, and behind it what flags and the process's environment said.
///
/// A place is an offset into both texts laid end to end, so that one number is enough to find it again.
#[derive(Debug, Clone)]
pub(crate) struct Sources {
    /// environments.toml.
    pub(crate) file: Arc<SourceFile>,
    /// One text for each flag or variable, a TOML assignment, each one byte behind the end of the text before it.
    pub(crate) overrides: Vec<Arc<SourceFile>>,
    /// The keys of values that could not be read: that they are missing further on is not said again.
    pub(crate) unread: Vec<String>,
}

impl Sources {
    /// The text that a place points into, and the place in that text.
    pub(crate) fn locate(&self, span: &Range<usize>) -> (&Arc<SourceFile>, Range<usize>) {
        let mut start = 0;
        let mut located = &self.file;
        for next in &self.overrides {
            let end = start + located.text().len() + 1;
            if span.start < end {
                break;
            }
            (start, located) = (end, next);
        }
        (located, span.start.saturating_sub(start)..span.end.saturating_sub(start))
    }

    /// Whether a value of this key could not be read.
    pub(crate) fn is_unread(&self, key: &str) -> bool {
        self.unread.iter().any(|unread| unread == key)
    }

    /// A finding with one more place.
    pub(crate) fn at(
        &self,
        diagnostic: Diagnostic,
        span: &Range<usize>,
        text: impl Into<String>,
    ) -> Diagnostic {
        let (source, span) = self.locate(span);
        diagnostic.at(source, span, text)
    }
}

/// Walks the tree, knows where it is, and collects what is wrong.
pub(crate) struct Reader<'t> {
    source: Arc<SourceFile>,
    /// Where the source begins in all texts laid end to end.
    base: usize,
    path: Vec<&'t str>,
    /// The layer that values read now belong to.
    pub(crate) layer: Layer,
    /// What was wrong so far.
    pub(crate) problems: Diagnostics,
    /// The keys of what was wrong.
    pub(crate) unread: Vec<String>,
}

impl<'t> Reader<'t> {
    /// A reader of environments.toml, or of the embedded defaults.
    pub(crate) fn of_file(source: &Arc<SourceFile>) -> Self {
        Self {
            source: Arc::clone(source),
            base: 0,
            path: Vec::new(),
            layer: Layer::Builtin,
            problems: Diagnostics::default(),
            unread: Vec::new(),
        }
    }

    /// Reader of what one flag or variable said; `base` is where that text begins in all texts laid end to end.
    pub(crate) fn of_override(source: &Arc<SourceFile>, base: usize, layer: Layer) -> Self {
        Self {
            source: Arc::clone(source),
            base,
            path: Vec::new(),
            layer,
            problems: Diagnostics::default(),
            unread: Vec::new(),
        }
    }

    /// The text that is read.
    pub(crate) fn text(&self) -> &str {
        self.source.text()
    }

    /// The keys from the root to where the reader is.
    pub(crate) fn path(&self) -> &[&'t str] {
        &self.path
    }

    /// The path as it is written in the file: `environments.staging.vars`.
    pub(crate) fn dotted(&self) -> String {
        self.path.iter().map(|key| quoted(key)).collect::<Vec<_>>().join(".")
    }

    /// Goes down one key while `read` runs.
    pub(crate) fn within<T>(&mut self, key: &'t str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(key);
        let result = read(self);
        self.path.pop();
        result
    }

    /// A place that stays unique beside those of the other text.
    pub(crate) fn place(&self, span: Range<usize>) -> Range<usize> {
        span.start + self.base..span.end + self.base
    }

    /// Where a value of the present layer came from.
    pub(crate) fn origin(&self, span: Range<usize>) -> Origin {
        let written = self.base == 0 && self.layer != Layer::Builtin;
        Origin { layer: self.layer.clone(), span: written.then_some(span) }
    }

    /// An error at a place of the text that is read.
    pub(crate) fn problem(
        &self,
        code: &'static str,
        message: impl Into<String>,
        span: Range<usize>,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::error(code, message).at(&self.source, span, label)
    }

    /// Collects a finding.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.unread.extend(self.path.last().map(|key| (*key).to_owned()));
        self.problems.push(diagnostic);
    }

    /// Collects an error about a value that has the right type and the wrong content.
    pub(crate) fn invalid(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        reason: impl Into<String>,
        help: &str,
    ) {
        let diagnostic =
            self.problem(code, format!("`{}` cannot be read", self.dotted()), span, reason).help(help);
        self.report(diagnostic);
    }

    /// Collects a type error.
    pub(crate) fn mismatch(&mut self, node: &Node<'_>, expected: &str) {
        let found = match node.get_ref() {
            DeValue::Integer(number) => number.to_string(),
            other => kind(other).to_owned(),
        };
        let diagnostic = self.problem(
            "config::type",
            format!("`{}` is {found}, not {expected}", self.dotted()),
            node.span(),
            format!("expected {expected}"),
        );
        self.report(diagnostic);
    }

    /// Collects an error about a key that the present table does not have.
    pub(crate) fn unknown_key(
        &mut self,
        key: &str,
        span: Range<usize>,
        known: &[&str],
        hint: Option<String>,
    ) {
        let table = if self.path.is_empty() {
            "at the top level".to_owned()
        } else {
            format!("in `{}`", self.dotted())
        };
        let mut diagnostic = self
            .problem("config::unknown-key", format!("unknown key `{key}` {table}"), span, "no such key")
            .did_you_mean(key, known.iter().copied());
        if let Some(hint) = hint {
            diagnostic.help.insert(0, hint);
        } else if diagnostic.help.is_empty() {
            diagnostic = diagnostic.help(format!("the keys here: {}", known.join(", ")));
        }
        self.report(diagnostic);
    }

    /// Collects an error for each key that a table cannot do without and does not have.
    pub(crate) fn require(&mut self, table: &DeTable<'_>, span: Range<usize>, keys: &[&str]) {
        for key in keys.iter().filter(|key| !table.contains_key(**key)) {
            let message = format!("`{}` needs `{key}`", self.dotted());
            let diagnostic =
                self.problem("config::missing-key", message, span.clone(), format!("no `{key}` here"));
            self.report(diagnostic);
        }
    }

    /// The text of a string.
    pub(crate) fn string(&mut self, node: &'t Node<'t>) -> Option<&'t str> {
        if let DeValue::String(text) = node.get_ref() {
            return Some(text);
        }
        self.mismatch(node, "a string");
        None
    }

    /// The values of an array.
    pub(crate) fn array(&mut self, node: &'t Node<'t>, expected: &str) -> Option<&'t DeArray<'t>> {
        if let DeValue::Array(array) = node.get_ref() {
            return Some(array);
        }
        self.mismatch(node, expected);
        None
    }

    /// The keys of a table.
    pub(crate) fn table(&mut self, node: &'t Node<'t>) -> Option<&'t DeTable<'t>> {
        if let DeValue::Table(table) = node.get_ref() {
            return Some(table);
        }
        self.mismatch(node, "a table");
        None
    }
}

/// The type of a value in words.
pub(crate) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "an integer",
        DeValue::Float(_) => "a float",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
