//! Reads a spanned TOML tree key by key and collects every problem instead of stopping at the first.

use std::{ops::Range, sync::Arc};

use toml::{
    Spanned,
    de::{DeArray, DeTable, DeValue},
};

use crate::{
    config::origin::{Layer, Origin, toml_key},
    diagnostic::{Diagnostic, Diagnostics, SourceFile},
};

/// TOML value with its span in the source.
pub(crate) type TomlNode<'t> = Spanned<DeValue<'t>>;

/// Sources of the configuration: environments.toml, then the texts of flags and `ENVCTL_*` variables.
///
/// A span in the sources is a range of bytes of all texts laid end to end, so that it identifies source and range.
#[derive(Debug, Clone)]
pub(crate) struct ConfigSources {
    /// Source of environments.toml.
    pub(crate) file: Arc<SourceFile>,
    /// Sources of flags and variables, each a TOML assignment. In the sources laid end to end, each begins one byte behind the
    /// end of the source before.
    pub(crate) overrides: Vec<Arc<SourceFile>>,
    /// Keys whose values could not be read, so that a missing value is not reported as a second error.
    pub(crate) unread: Vec<String>,
}

impl ConfigSources {
    /// Returns the source that a span of the sources points into, and the range of bytes in that source.
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

    /// Returns true if a value of this key could not be read, in any table.
    pub(crate) fn is_unread(&self, key: &str) -> bool {
        self.unread.iter().any(|unread| unread == key)
    }

    /// Adds a label at a span of the sources to a diagnostic.
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

/// Reader of one TOML source, which knows the path of the current value and collects errors.
pub(crate) struct TomlReader<'t> {
    source: Arc<SourceFile>,
    /// Offset of the source in all sources laid end to end.
    base: usize,
    /// Keys from the root to the current value.
    path: Vec<&'t str>,
    /// Layer of the values that are read now.
    pub(crate) layer: Layer,
    /// Errors found so far.
    pub(crate) problems: Diagnostics,
    /// Keys of the values with errors.
    pub(crate) unread: Vec<String>,
}

impl<'t> TomlReader<'t> {
    /// Creates a reader of environments.toml, or of the embedded defaults.
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

    /// Creates a reader of one flag or variable; `base` is the offset of its source in all sources laid end to end.
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

    /// Returns the text of the source.
    pub(crate) fn text(&self) -> &str {
        self.source.text()
    }

    /// Returns the keys from the root to the current value.
    pub(crate) fn path(&self) -> &[&'t str] {
        &self.path
    }

    /// Returns the path of the current value as a dotted TOML key: `environments.staging.vars`.
    pub(crate) fn dotted_path(&self) -> String {
        self.path.iter().map(|key| toml_key(key)).collect::<Vec<_>>().join(".")
    }

    /// Runs `read` with a key appended to the path.
    pub(crate) fn within<T>(&mut self, key: &'t str, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(key);
        let result = read(self);
        self.path.pop();
        result
    }

    /// Converts a range of this source to a span of all sources: see [`ConfigSources`].
    pub(crate) fn global_span(&self, span: Range<usize>) -> Range<usize> {
        span.start + self.base..span.end + self.base
    }

    /// Returns the origin of a value of the current layer.
    pub(crate) fn origin(&self, span: Range<usize>) -> Origin {
        let written = self.base == 0 && self.layer != Layer::Builtin;
        Origin { layer: self.layer.clone(), span: written.then_some(span) }
    }

    /// Creates an error at a range of this source.
    pub(crate) fn problem(
        &self,
        code: &'static str,
        message: impl Into<String>,
        span: Range<usize>,
        label: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic::error(code, message).at(&self.source, span, label)
    }

    /// Collects a diagnostic, and marks the current key as unread.
    pub(crate) fn report(&mut self, diagnostic: Diagnostic) {
        self.unread.extend(self.path.last().map(|key| (*key).to_owned()));
        self.problems.push(diagnostic);
    }

    /// Collects an error about a value of the right type whose content is invalid.
    pub(crate) fn report_invalid(
        &mut self,
        code: &'static str,
        span: Range<usize>,
        reason: impl Into<String>,
        help: &str,
    ) {
        let diagnostic =
            self.problem(code, format!("`{}` cannot be read", self.dotted_path()), span, reason).help(help);
        self.report(diagnostic);
    }

    /// Collects an error about a value of a wrong type.
    pub(crate) fn report_wrong_type(&mut self, node: &TomlNode<'_>, expected: &str) {
        let found = match node.get_ref() {
            DeValue::Integer(number) => number.to_string(),
            other => type_with_article(other).to_owned(),
        };
        let diagnostic = self.problem(
            "config::type",
            format!("`{}` is {found}, not {expected}", self.dotted_path()),
            node.span(),
            format!("expected {expected}"),
        );
        self.report(diagnostic);
    }

    /// Collects an error about a key that the current table does not have.
    pub(crate) fn report_unknown_key(
        &mut self,
        key: &str,
        span: Range<usize>,
        known: &[&str],
        hint: Option<String>,
    ) {
        let table = if self.path.is_empty() {
            "at the top level".to_owned()
        } else {
            format!("in `{}`", self.dotted_path())
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

    /// Collects an error for each required key that a table does not have.
    pub(crate) fn report_missing_keys(&mut self, table: &DeTable<'_>, span: Range<usize>, keys: &[&str]) {
        for key in keys.iter().filter(|key| !table.contains_key(**key)) {
            let message = format!("`{}` needs `{key}`", self.dotted_path());
            let diagnostic =
                self.problem("config::missing-key", message, span.clone(), format!("no `{key}` here"));
            self.report(diagnostic);
        }
    }

    /// Returns the text of a string; any other type is an error.
    pub(crate) fn string(&mut self, node: &'t TomlNode<'t>) -> Option<&'t str> {
        if let DeValue::String(text) = node.get_ref() {
            return Some(text);
        }
        self.report_wrong_type(node, "a string");
        None
    }

    /// Returns the items of an array; any other type is an error.
    pub(crate) fn array(&mut self, node: &'t TomlNode<'t>, expected: &str) -> Option<&'t DeArray<'t>> {
        if let DeValue::Array(array) = node.get_ref() {
            return Some(array);
        }
        self.report_wrong_type(node, expected);
        None
    }

    /// Returns a table's keys with their values; any other type is an error.
    pub(crate) fn table(&mut self, node: &'t TomlNode<'t>) -> Option<&'t DeTable<'t>> {
        if let DeValue::Table(table) = node.get_ref() {
            return Some(table);
        }
        self.report_wrong_type(node, "a table");
        None
    }
}

/// Returns the TOML type of a value for messages: `"a string"`.
pub(crate) fn type_with_article(value: &DeValue<'_>) -> &'static str {
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
