//! Calls of the HCL parser (hcl-edit 0.10). A text that engines accept and the parser refuses is rewritten before.
//!
//! * A heredoc ends at a line that is the delimiter alone. The parser ends it at a line that begins with the delimiter.
//! * An object may repeat a key, and the later value counts. The parser refuses the second key.
//!
//! A patch of the parser for both is in `docs/upstream`. Until a release has it, a delimiter or key is replaced by a
//! name of the same length, so that every span fits the original text. Source:
//! <https://github.com/hashicorp/hcl/blob/main/hclsyntax/spec.md>.

use std::{collections::HashMap, ops::Range};

use hcl_edit::{
    Decorate, Span,
    expr::{Expression, Object, ObjectKey, ObjectValue, Parenthesis},
    parser,
    structure::Body,
    template::Template,
    visit_mut::{self, VisitMut},
};

use super::heredocs::heredocs;

/// Beginning of the parser's message about a repeated key of an object.
const DUPLICATE_KEY: &str = "unique object key";

/// Limit of repeated keys that are replaced in one text, since each costs a further parse.
const MAX_REPEATED_KEYS: usize = 256;

/// Parses a file of native syntax as engines read it. Spans are bytes of `text`.
///
/// In an object with a repeated key the last value has the key as written; earlier values have the key in
/// parentheses.
pub fn parse_body(text: &str) -> Result<Body, parser::Error> {
    let (mut body, repeated) = parse(text, parser::parse_body)?;
    if !repeated.is_empty() {
        RestoreKeys(repeated).visit_body_mut(&mut body);
    }
    Ok(body)
}

/// Parses a string of JSON syntax, which is a template of native syntax.
pub(super) fn parse_template(text: &str) -> Result<Template, parser::Error> {
    let (mut template, repeated) = parse(text, parser::parse_template)?;
    if !repeated.is_empty() {
        RestoreKeys(repeated).visit_template_mut(&mut template);
    }
    Ok(template)
}

/// Parses a text that is one expression.
pub(super) fn parse_expression(text: &str) -> Result<Expression, parser::Error> {
    let (mut expression, repeated) = parse(text, parser::parse_expr)?;
    if !repeated.is_empty() {
        RestoreKeys(repeated).visit_expr_mut(&mut expression);
    }
    Ok(expression)
}

/// Original keys of objects, by the byte position of the names that replace them for the parser.
type RepeatedKeys = HashMap<usize, ObjectKey>;

fn parse<T>(
    text: &str,
    parser: impl Fn(&str) -> Result<T, parser::Error>,
) -> Result<(T, RepeatedKeys), parser::Error> {
    let mut readable = rename_delimiters(text);
    let mut repeated = RepeatedKeys::new();
    loop {
        let error = match parser(&readable) {
            Ok(parsed) => return Ok((parsed, repeated)),
            Err(error) => error,
        };
        let at = error.location().offset();
        let is_repeated_key = error.message().contains(DUPLICATE_KEY);
        let Some((span, key)) = key_at(&readable, at).filter(|_| is_repeated_key) else { return Err(error) };
        if repeated.len() == MAX_REPEATED_KEYS {
            return Err(error);
        }
        let Some(unused) = unused_name(&readable, span.len(), repeated.len()) else { return Err(error) };
        readable.replace_range(span, &unused);
        repeated.insert(at, key);
    }
}

/// Renames the delimiter of each heredoc that has a line which begins with the delimiter and continues.
fn rename_delimiters(text: &str) -> String {
    let mut readable = text.to_owned();
    if !text.contains("<<") {
        return readable;
    }
    for heredoc in heredocs(text) {
        let marker = &text[heredoc.opening.clone()];
        let lines = || text[heredoc.opening.end..heredoc.closing.start].split('\n').map(str::trim_start);
        if !lines().any(|line| !line.is_empty() && line.starts_with(marker)) {
            continue;
        }
        let is_free = |name: &String| !lines().any(|line| line.starts_with(name.as_str()));
        if let Some(name) = identifiers(marker.len()).find(is_free) {
            readable.replace_range(heredoc.opening, &name);
            readable.replace_range(heredoc.closing, &name);
        }
    }
    readable
}

/// Returns the identifier, number or literal string that begins at a byte position; `None` if that is not a whole key.
fn key_at(text: &str, at: usize) -> Option<(Range<usize>, ObjectKey)> {
    let rest = text.get(at..)?;
    let end = if let Some(quoted) = rest.strip_prefix('"') {
        quoted.find('"')? + 2
    } else {
        rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))?
    };
    let is_whole = rest[end..].trim_start().starts_with(['=', ':']);
    let key = match parser::parse_expr(rest.get(..end).filter(|_| is_whole)?).ok()? {
        Expression::Variable(name) => ObjectKey::Ident(name),
        key @ (Expression::String(_) | Expression::Number(_) | Expression::Bool(_) | Expression::Null(_)) => {
            ObjectKey::Expression(key)
        }
        _ => return None,
    };
    Some((at..at + end, key))
}

/// Returns an identifier of `len` bytes that does not occur in the text, else one that was not among the first `tried`.
fn unused_name(text: &str, len: usize, tried: usize) -> Option<String> {
    identifiers(len)
        .take(5_000)
        .find(|name| !text.contains(name.as_str()))
        .or_else(|| identifiers(len).nth(tried))
}

/// Returns identifiers of `len` bytes.
fn identifiers(len: usize) -> impl Iterator<Item = String> {
    const LETTERS: [char; 26] = [
        'z', 'y', 'x', 'w', 'v', 'u', 't', 's', 'r', 'q', 'p', 'o', 'n', 'm', 'l', 'k', 'j', 'i', 'h', 'g',
        'f', 'e', 'd', 'c', 'b', 'a',
    ];
    let count = LETTERS.len().saturating_pow(u32::try_from(len.min(3)).unwrap_or(3));
    (0..count).map(move |mut number| {
        let mut name = String::new();
        for _ in 0..len {
            name.push(LETTERS[number % LETTERS.len()]);
            number /= LETTERS.len();
        }
        name
    })
}

/// Visitor that puts the original keys back in place of the names that the parser got.
struct RestoreKeys(RepeatedKeys);

impl VisitMut for RestoreKeys {
    fn visit_object_mut(&mut self, node: &mut Object) {
        let original = |key: &ObjectKey| key.span().and_then(|span| self.0.get(&span.start)).cloned();
        if node.iter().any(|(key, _)| original(key).is_some()) {
            let items: Vec<(ObjectKey, ObjectValue)> = node
                .iter()
                .map(|(key, value)| (original(key).unwrap_or_else(|| key.clone()), value.clone()))
                .collect();
            let keys: Vec<ObjectKey> = items.iter().map(|(key, _)| key.clone()).collect();
            node.clear();
            for (index, (mut key, value)) in items.into_iter().enumerate() {
                let later = keys[index + 1..].iter().filter(|later| **later == key).count();
                for _ in 0..later {
                    key = parenthesised(key);
                }
                node.insert(key, value);
            }
        }
        visit_mut::visit_object_mut(self, node);
    }
}

/// Returns a key in parentheses, which differs from the key as written and evaluates to the same text.
fn parenthesised(key: ObjectKey) -> ObjectKey {
    let mut inner = match key {
        ObjectKey::Ident(name) => Expression::from(name.as_str()),
        ObjectKey::Expression(expression) => expression,
    };
    inner.decor_mut().clear();
    ObjectKey::Expression(Expression::from(Parenthesis::new(inner)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(text: &str) -> Vec<(String, String)> {
        let body = parse_body(text).unwrap();
        let attribute = body.attributes().next().unwrap();
        let object = attribute.value.as_object().unwrap();
        let text = |part: &dyn ToString| part.to_string().trim().to_owned();
        object
            .iter()
            .map(|(key, value)| {
                let key = match key {
                    ObjectKey::Ident(name) => name.as_str().to_owned(),
                    ObjectKey::Expression(key) => text(key),
                };
                (key, text(value.expr()))
            })
            .collect()
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_last_of_repeated_keys_has_the_key() {
        assert_eq!(
            object("x = {\n  a = 1\n  b = 2\n  a = 3\n  a = 4\n}\n"),
            pairs(&[("((\"a\"))", "1"), ("b", "2"), ("(\"a\")", "3"), ("a", "4")])
        );
        assert_eq!(
            object("x = { \"k k\" : 1, \"k k\" : 2 }\n"),
            pairs(&[("(\"k k\")", "1"), ("\"k k\"", "2")])
        );
        assert_eq!(object("x = { 1 = \"a\", 1 = \"b\" }\n"), pairs(&[("(1)", "\"a\""), ("1", "\"b\"")]));
        assert_eq!(object("x = {\n  ключ = 1\n  ключ = 2\n}\n").len(), 2);
    }

    #[test]
    fn repeated_keys_are_found_at_any_depth() {
        let text = "x = [{ a = f({ b = 1, b = 2 }), a = \"${{ c = 1, c = 2 }.c}\" }]\ny = 1\n";
        let body = parse_body(text).unwrap();
        let shown = body.attributes().next().unwrap().value.to_string();
        for expected in ["b = 2", "(\"b\") = 1", "c = 2", "(\"c\") = 1", "(\"a\") = f"] {
            assert!(shown.contains(expected), "{expected}: {shown}");
        }
        let after = body.get_attribute("y").unwrap().span().unwrap();
        assert_eq!(text[after].trim(), "y = 1");
    }

    #[test]
    fn a_line_that_only_begins_with_the_marker_is_text() {
        for after in ["\"", ")", ", \"x\")", " and more", ";", "|", "X", "-X", "\t."] {
            let text = format!("x = <<EOT\nEOT{after}\n  EOT{after}\nEOT\ny = 1\n");
            let body = parse_body(&text).unwrap();
            let heredoc = body.get_attribute("x").unwrap().value.as_heredoc_template().unwrap().clone();
            assert_eq!(heredoc.template.to_string(), format!("EOT{after}\n  EOT{after}\n"), "{after}");
            let span = body.get_attribute("y").unwrap().value.span().unwrap();
            assert_eq!(&text[span], "1", "{after}");
        }
    }

    #[test]
    fn an_error_stays_at_its_place() {
        let text = "x = <<E\nE\"\nE\ny = { a = 1, a = 2 }\nz = \n";
        assert_eq!(parse_body(text).unwrap_err().location().offset(), text.len() - 1);
    }
}
