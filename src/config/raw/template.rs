//! Templates: texts with `{name}` in them; `{{` and `}}` are literal braces.

use std::{ops::Range, sync::Arc};

use super::{
    field::{KeyPath, TomlValue, Visited, Visitor},
    reader::{TomlNode, TomlReader},
    value_schema::value_schema,
};

/// Text that is split at the names in its braces when it is read.
#[derive(Debug, Clone)]
pub(crate) struct Template {
    text: Arc<str>,
    parts: Option<Arc<[TemplatePart]>>,
    /// Span of the whole value in the sources.
    pub(crate) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum TemplatePart {
    Text(String),
    Name(String, Range<usize>),
}

/// Template name of the folder of environments.toml, which may stand at the beginning of some paths.
const ROOT: &str = "root";

/// Error in a text, at a range of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
enum TemplateError {
    /// Braces that do not fit together.
    Braces { at: Range<usize>, reason: &'static str },
    /// `{root}` in another place than the beginning of a path.
    Root { at: Range<usize> },
}

impl Template {
    /// Returns the text as written.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// Returns true if the text holds no braces, so that nothing is expanded.
    pub(crate) fn is_literal(&self) -> bool {
        self.parts.is_none()
    }

    /// Returns the text with its names replaced; `None` when a name has no value.
    ///
    /// `lookup` appends the value of a name to the text, or returns false.
    pub(crate) fn expand(
        &self,
        lookup: &mut dyn FnMut(&str, &Range<usize>, &mut String) -> bool,
    ) -> Option<String> {
        let Some(parts) = &self.parts else { return Some(self.text.as_ref().to_owned()) };
        let mut expanded = String::with_capacity(self.text.len() + 16);
        let mut complete = true;
        for part in parts.iter() {
            match part {
                TemplatePart::Text(text) => expanded.push_str(text),
                TemplatePart::Name(name, span) => complete &= lookup(name, span, &mut expanded),
            }
        }
        complete.then_some(expanded)
    }

    /// Returns the template without a literal character at its beginning; `None` when the text begins otherwise.
    pub(crate) fn strip_prefix(&self, prefix: char) -> Option<Self> {
        let text = self.text.strip_prefix(prefix)?;
        let parts = self.parts.as_ref().map(|parts| {
            let mut parts = parts.to_vec();
            if let Some(TemplatePart::Text(first)) = parts.first_mut() {
                first.drain(..prefix.len_utf8());
            }
            parts.into()
        });
        Some(Self { text: text.into(), parts, span: self.span.clone() })
    }

    /// Splits a text into literals and names; `None` for a text without braces. `{root}` may stand at the byte `root_at` only.
    /// `global_span` converts a range of the text's bytes to a span of the sources.
    fn split(
        text: &str,
        root_at: Option<usize>,
        global_span: impl Fn(Range<usize>) -> Range<usize>,
    ) -> Result<Option<Vec<TemplatePart>>, TemplateError> {
        if !text.contains(['{', '}']) {
            return Ok(None);
        }
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut at = 0;
        while let Some(found) = text[at..].find(['{', '}']).map(|offset| at + offset) {
            literal.push_str(&text[at..found]);
            let rest = &text[found..];
            if rest.starts_with("{{") || rest.starts_with("}}") {
                literal.push_str(&rest[..1]);
                at = found + 2;
            } else if rest.starts_with('}') {
                return Err(TemplateError::Braces {
                    at: found..found + 1,
                    reason: "closes nothing; a literal one is `}}`",
                });
            } else {
                let Some(length) = rest.find('}') else {
                    return Err(TemplateError::Braces {
                        at: found..text.len(),
                        reason: "is not closed; a literal brace is `{{`",
                    });
                };
                let name = &rest[1..length];
                if name.is_empty() || name.chars().any(|c| c.is_whitespace() || "{\"'".contains(c)) {
                    return Err(TemplateError::Braces {
                        at: found..found + length + 1,
                        reason: "holds no name",
                    });
                }
                if name == ROOT && root_at != Some(found) {
                    return Err(TemplateError::Root { at: found..found + length + 1 });
                }
                if !literal.is_empty() {
                    parts.push(TemplatePart::Text(std::mem::take(&mut literal)));
                }
                parts.push(TemplatePart::Name(name.to_owned(), global_span(found..found + length + 1)));
                at = found + length + 1;
            }
        }
        literal.push_str(&text[at..]);
        if !literal.is_empty() {
            parts.push(TemplatePart::Text(literal));
        }
        Ok(Some(parts))
    }
}

/// Returns the range of bytes of a string's value inside its literal, quotes included.
///
/// The range is exact unless an escape comes before it; then the text is searched for, and the whole literal is returned
/// when it is not found.
fn within_literal(literal: &str, value: &str, bytes: &Range<usize>) -> Range<usize> {
    let quote = if literal.starts_with("\"\"\"") || literal.starts_with("'''") { 3 } else { 1 };
    let first = match literal.get(quote..) {
        Some(rest) if quote == 3 && rest.starts_with("\r\n") => quote + 2,
        Some(rest) if quote == 3 && rest.starts_with('\n') => quote + 1,
        _ => quote,
    };
    let wanted = value.get(bytes.clone()).unwrap_or_default();
    let exact = first + bytes.start..first + bytes.end;
    if literal.get(first..exact.end) == value.get(..bytes.end) {
        exact
    } else if let Some(found) = literal.find(wanted).filter(|_| !wanted.is_empty()) {
        found..found + wanted.len()
    } else {
        0..literal.len()
    }
}

impl Template {
    /// Reads a path, which may begin with `{root}`; in a path that may be marked, with `mark` and `{root}`.
    pub(crate) fn read_path<'t>(
        node: &'t TomlNode<'t>,
        mark: Option<char>,
        reader: &mut TomlReader<'t>,
    ) -> Option<Self> {
        let text = reader.string(node)?;
        let is_marked = mark.is_some_and(|mark| text.starts_with(mark));
        let root_at = if is_marked { mark.map_or(0, char::len_utf8) } else { 0 };
        Self::read_text(node, Some(root_at), reader)
    }

    /// Reads a text, in which `{root}` may stand at the byte `root_at` only.
    fn read_text<'t>(
        node: &'t TomlNode<'t>,
        root_at: Option<usize>,
        reader: &mut TomlReader<'t>,
    ) -> Option<Self> {
        let text = reader.string(node)?;
        let span = node.span();
        let local = |bytes: Range<usize>| {
            let literal = reader.text().get(span.clone()).unwrap_or_default();
            let inside = within_literal(literal, text, &bytes);
            span.start + inside.start..span.start + inside.end
        };
        let diagnostic = match Self::split(text, root_at, |bytes| reader.global_span(local(bytes))) {
            Ok(parts) => {
                return Some(Self {
                    text: text.into(),
                    parts: parts.map(Into::into),
                    span: reader.global_span(node.span()),
                });
            }
            Err(TemplateError::Braces { at, reason }) => {
                let message = format!("the braces in `{}` do not fit together", reader.dotted_path());
                reader
                    .problem("config::template-syntax", message, local(at), reason)
                    .help("`{name}` is replaced; `{{` and `}}` are literal braces")
            }
            Err(TemplateError::Root { at }) => {
                let message = format!("`{{root}}` cannot stand here in `{}`", reader.dotted_path());
                let label = if root_at.is_some() { "not at the beginning" } else { "not the path of a file" };
                reader.problem("config::template-root", message, local(at), label).help(
                    "`{root}` is the folder of environments.toml, at the beginning of a path in `var_files`, \
                     `backend_files`, `files` or `backend.local.path`",
                )
            }
        };
        reader.report(diagnostic);
        None
    }
}

impl TomlValue for Template {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        Self::read_text(node, None, reader)
    }

    fn visit(&self, _: &KeyPath<'_>, visitor: &mut Visitor<'_>) {
        visitor(Visited::Template(self));
    }
}

value_schema!(inline Template, "Template", { "type": "string" });

#[cfg(test)]
mod tests {
    use super::*;

    fn expand(text: &str) -> String {
        let parts = Template::split(text, None, |bytes| bytes).unwrap();
        let template = Template { text: text.into(), parts: parts.map(Into::into), span: 0..0 };
        template
            .expand(&mut |name, _, out| {
                out.push_str(&name.to_uppercase());
                true
            })
            .unwrap()
    }

    #[test]
    fn names_are_replaced_and_doubled_braces_are_literal() {
        assert_eq!(expand("plain"), "plain");
        assert_eq!(expand("{env}/{stack}.tfvars"), "ENV/STACK.tfvars");
        assert_eq!(expand("{{env}}"), "{env}");
        assert_eq!(expand("{{{env}}}"), "{ENV}");
        assert_eq!(expand("ä{env}ö"), "äENVö");
    }

    #[test]
    fn braces_that_do_not_fit_are_refused_where_they_are() {
        let at = |text| match Template::split(text, None, |bytes| bytes) {
            Err(TemplateError::Braces { at, .. }) => at,
            other => panic!("{other:?}"),
        };
        assert_eq!(at("a{b"), 1..3);
        assert_eq!(at("a}b"), 1..2);
        assert_eq!(at("a{}b"), 1..3);
        assert_eq!(at("a{b c}"), 1..6);
    }

    #[test]
    fn the_root_stands_at_the_beginning_of_a_path_alone() {
        let split = |text, root_at| Template::split(text, root_at, |bytes| bytes);
        assert!(split("{root}/a", Some(0)).is_ok());
        assert!(split("?{root}/a", Some(1)).is_ok());
        assert!(split("{{root}}", None).is_ok(), "literal braces");
        for (text, root_at, at) in
            [("{root}", None, 0..6), ("a/{root}", Some(0), 2..8), ("{root}/{root}", Some(0), 7..13)]
        {
            assert_eq!(split(text, root_at), Err(TemplateError::Root { at }), "{text}");
        }
    }

    #[test]
    fn a_place_inside_a_literal_is_exact_for_every_kind_of_quote() {
        assert_eq!(within_literal("\"a{b}\"", "a{b}", &(1..4)), 2..5);
        assert_eq!(within_literal("'a{b}'", "a{b}", &(1..4)), 2..5);
        assert_eq!(within_literal("\"\"\"\na{b}\"\"\"", "a{b}", &(1..4)), 5..8);
        assert_eq!(within_literal("\"\\ta{b}\"", "\ta{b}", &(2..5)), 4..7);
        assert_eq!(within_literal("\"\\u007Bb}\"", "{b}", &(0..3)), 0..10);
    }
}
