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

/// Error in the braces of a text, at a range of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct BadBraces {
    at: Range<usize>,
    reason: &'static str,
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

    /// Splits a text into literals and names; `None` for a text without braces. `global_span` converts a range of the text's
    /// bytes to a span of the sources.
    fn split(
        text: &str,
        global_span: impl Fn(Range<usize>) -> Range<usize>,
    ) -> Result<Option<Vec<TemplatePart>>, BadBraces> {
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
                return Err(BadBraces {
                    at: found..found + 1,
                    reason: "closes nothing; a literal one is `}}`",
                });
            } else {
                let Some(length) = rest.find('}') else {
                    return Err(BadBraces {
                        at: found..text.len(),
                        reason: "is not closed; a literal brace is `{{`",
                    });
                };
                let name = &rest[1..length];
                if name.is_empty() || name.chars().any(|c| c.is_whitespace() || "{\"'".contains(c)) {
                    return Err(BadBraces { at: found..found + length + 1, reason: "holds no name" });
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

impl TomlValue for Template {
    fn read<'t>(node: &'t TomlNode<'t>, reader: &mut TomlReader<'t>) -> Option<Self> {
        let text = reader.string(node)?;
        let span = node.span();
        let local = |bytes: Range<usize>| {
            let literal = reader.text().get(span.clone()).unwrap_or_default();
            let inside = within_literal(literal, text, &bytes);
            span.start + inside.start..span.start + inside.end
        };
        match Self::split(text, |bytes| reader.global_span(local(bytes))) {
            Ok(parts) => Some(Self {
                text: text.into(),
                parts: parts.map(Into::into),
                span: reader.global_span(node.span()),
            }),
            Err(bad) => {
                let message = format!("the braces in `{}` do not fit together", reader.dotted_path());
                let diagnostic = reader
                    .problem("config::template-syntax", message, local(bad.at), bad.reason)
                    .help("`{name}` is replaced; `{{` and `}}` are literal braces");
                reader.report(diagnostic);
                None
            }
        }
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
        let parts = Template::split(text, |bytes| bytes).unwrap();
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
        let at = |text| Template::split(text, |bytes| bytes).unwrap_err().at;
        assert_eq!(at("a{b"), 1..3);
        assert_eq!(at("a}b"), 1..2);
        assert_eq!(at("a{}b"), 1..3);
        assert_eq!(at("a{b c}"), 1..6);
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
