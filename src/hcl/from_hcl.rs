//! Blocks and attributes of native syntax.

use std::sync::Arc;

use hcl_edit::{
    Formatted, Number, Span,
    expr::{Expression, ObjectKey, TraversalOperator},
    structure::{self, Body},
    template::Element,
};
use indexmap::IndexMap;
use serde_json::Value;

use super::{
    Attribute, Block, Expr, Folder, Place,
    block::labels_of,
    parse::{parse_body, parse_template},
};
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    model::exact_number,
};

/// Code of the diagnostic for a file that envctl's parser takes for invalid.
pub const SYNTAX_CODE: &str = "hcl::syntax";

/// Returns the blocks of a file that envctl reads.
pub(super) fn blocks(source: &Arc<SourceFile>) -> Result<Vec<Block>, Diagnostic> {
    let body = body(source)?;
    let wanted = body.blocks().filter(|block| {
        labels_of(None, block.ident.as_str()).is_some()
            && (block.ident.as_str() != "data"
                || block.labels.first().is_some_and(|label| label.as_str() == "terraform_remote_state"))
    });
    Ok(wanted.map(|block| convert(source, block)).collect())
}

/// Returns the attributes of a file without blocks: a var file.
pub(super) fn attributes(source: &Arc<SourceFile>) -> Result<IndexMap<String, Attribute>, Diagnostic> {
    Ok(convert_attributes(source, &body(source)?))
}

/// Parses a whole file into a tree with spans.
pub(super) fn body(source: &Arc<SourceFile>) -> Result<Body, Diagnostic> {
    parse_body(source.text()).map_err(|error| {
        let at = error.location().offset();
        let end = source.text()[at..].chars().next().map_or(at, |c| at + c.len_utf8());
        Diagnostic::error(SYNTAX_CODE, format!("`{}` is not valid HCL", source.path())).at(
            source,
            at..end,
            error.message(),
        )
    })
}

fn convert(source: &Arc<SourceFile>, block: &structure::Block) -> Block {
    let start = block.ident.span().map_or(0, |span| span.start);
    let last = block.labels.last().and_then(Span::span).or_else(|| block.ident.span());
    Block {
        kind: block.ident.as_str().to_owned(),
        labels: block.labels.iter().map(|label| label.as_str().to_owned()).collect(),
        attributes: convert_attributes(source, &block.body),
        blocks: block.body.blocks().map(|inner| convert(source, inner)).collect(),
        place: Place { source: Arc::clone(source), span: start..last.map_or(start, |span| span.end) },
    }
}

pub(super) fn convert_attributes(source: &Arc<SourceFile>, body: &Body) -> IndexMap<String, Attribute> {
    let attributes = body.attributes().map(|attribute| {
        let span = attribute.value.span().or_else(|| attribute.span()).unwrap_or_default();
        let place = Place { source: Arc::clone(source), span };
        (attribute.key.as_str().to_owned(), Attribute { value: simplify(&attribute.value), place })
    });
    attributes.collect()
}

pub(super) fn simplify(expression: &Expression) -> Expr {
    match expression {
        Expression::Null(_) => Expr::Literal(Value::Null),
        Expression::Bool(value) => Expr::Literal(Value::Bool(*value.value())),
        // A number that the parser rounds would be a wrong value: it stays unknown.
        Expression::Number(number) => {
            exact(number).map_or(Expr::Opaque, |number| Expr::Literal(Value::Number(number)))
        }
        Expression::String(text) => Expr::Literal(Value::String(text.value().clone())),
        Expression::StringTemplate(template) => Expr::template(template.iter().map(part).collect()),
        // The parser has removed the indentation of `<<-`.
        Expression::HeredocTemplate(heredoc) => Expr::template(heredoc.template.iter().map(part).collect()),
        Expression::Parenthesis(inner) => simplify(inner.inner()),
        Expression::Array(items) => Expr::array(&items.iter().map(simplify).collect::<Vec<_>>()),
        Expression::Object(object) => {
            let members = object.iter().map(|(key, value)| Some((key_text(key)?, simplify(value.expr()))));
            members.collect::<Option<IndexMap<_, _>>>().map_or(Expr::Opaque, Expr::object)
        }
        Expression::Traversal(traversal) => match (&traversal.expr, traversal.operators.as_slice()) {
            (Expression::Variable(root), [operator]) => match operator.value() {
                TraversalOperator::GetAttr(name) => reference(root.as_str(), name.as_str()),
                _ => Expr::Opaque,
            },
            _ => Expr::Opaque,
        },
        Expression::Variable(_)
        | Expression::Conditional(_)
        | Expression::FuncCall(_)
        | Expression::UnaryOp(_)
        | Expression::BinaryOp(_)
        | Expression::ForExpr(_) => Expr::Opaque,
    }
}

/// Returns a number if all its digits are kept: the parser reads numbers into 64 bits, and engines keep more. Engines keep
/// the sign of zero too, and a whole number does not.
fn exact(number: &Formatted<Number>) -> Option<serde_json::Number> {
    let written = number.as_repr().map_or_else(|| number.value().to_string(), |written| written.to_string());
    exact_number(&written).filter(|kept| !written.starts_with('-') || kept.to_string().starts_with('-'))
}

/// Returns the text of a number as engines write it; absent for one that the parser rounds.
pub(super) fn number_text(number: &Formatted<Number>) -> Option<String> {
    exact(number).map(|number| shown(&number))
}

/// Writes a number without an exponent.
fn shown(number: &serde_json::Number) -> String {
    match number.as_f64().filter(|_| number.is_f64()) {
        Some(fraction) => fraction.to_string(),
        None => number.to_string(),
    }
}

fn reference(root: &str, name: &str) -> Expr {
    match (root, name) {
        ("var", name) => Expr::Variable(name.to_owned()),
        ("terraform" | "tofu", "workspace") => Expr::Workspace,
        ("path", "module") => Expr::Folder(Folder::Module),
        ("path", "root") => Expr::Folder(Folder::Root),
        _ => Expr::Opaque,
    }
}

fn key_text(key: &ObjectKey) -> Option<String> {
    match key {
        ObjectKey::Ident(name) => Some(name.as_str().to_owned()),
        ObjectKey::Expression(expression) => match simplify(expression).literal()? {
            Value::String(text) => Some(text.clone()),
            key @ (Value::Null | Value::Bool(_)) => Some(key.to_string()),
            Value::Number(number) => Some(shown(number)),
            Value::Array(_) | Value::Object(_) => None,
        },
    }
}

fn part(element: &Element) -> Expr {
    match element {
        Element::Literal(text) => Expr::Literal(Value::String(text.value().clone())),
        // `${~ x ~}` trims blanks of the neighbouring texts.
        Element::Interpolation(value) if value.strip.strip_start() || value.strip.strip_end() => Expr::Opaque,
        Element::Interpolation(value) => simplify(&value.expr),
        Element::Directive(_) => Expr::Opaque,
    }
}

/// Converts a string of JSON syntax, which is a template of native syntax.
pub(super) fn template(text: &str) -> Expr {
    if !text.contains("${") && !text.contains("%{") {
        return Expr::Literal(Value::String(text.to_owned()));
    }
    parse_template(text).map_or(Expr::Opaque, |template| Expr::template(template.iter().map(part).collect()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::hcl::Reference;

    fn value(text: &str) -> Expr {
        let source = SourceFile::new("x.tf", format!("x = {text}\n"));
        attributes(&source).unwrap()["x"].value.clone()
    }

    #[test]
    fn literals_are_values() {
        assert_eq!(value("\"a\\n\""), Expr::Literal(json!("a\n")));
        assert_eq!(
            value("{ a = [1, true], \"b\" = null }"),
            Expr::Literal(json!({"a": [1, true], "b": null}))
        );
        assert_eq!(value("<<-E\n    one\n    E"), Expr::Literal(json!("one\n")));
        assert_eq!(value("<<E\n    one\n  E"), Expr::Literal(json!("    one\n")));
        assert_eq!(value("-1.5"), Expr::Literal(json!(-1.5)));
        assert_eq!(
            value("{ 1 = 2, true = 3, null = 4, 1.50 = 5, 1e3 = 6, 1e-7 = 7, -1 = 8, (9) = 9 }"),
            Expr::Literal(json!({
                "1": 2, "true": 3, "null": 4, "1.5": 5, "1000": 6, "0.0000001": 7, "-1": 8, "9": 9
            }))
        );
        assert_eq!(value("18446744073709551615"), Expr::Literal(json!(u64::MAX)));
        assert_eq!(value("123456.123456789"), Expr::Literal(json!(123_456.123_456_789)));
        for long in ["18446744073709551616", "0.1234567890123456789", "-1234567890.12345678"] {
            assert_eq!(value(long), Expr::Opaque, "{long}");
        }
    }

    #[test]
    fn a_string_with_parts_is_known_when_its_parts_are() {
        let path = value("\"${var.project}/${terraform.workspace}/state\"");
        let look_up = |reference: Reference<'_>| match reference {
            Reference::Variable("project") => Some(json!("shop")),
            Reference::Variable(_) => None,
            Reference::Workspace => Some(json!("staging")),
            Reference::Folder(_) => None,
        };
        assert_eq!(path.evaluate(&look_up), Some(json!("shop/staging/state")));
        assert_eq!(path.evaluate(&|_| None), None);
        assert_eq!(value("\"${var.x}\""), Expr::Variable("x".to_owned()));
        assert_eq!(value("\"${local.x}/a\""), Expr::Opaque);
        assert_eq!(value("\"a ${~ var.x ~} b\""), Expr::Opaque);
    }

    #[test]
    fn broken_hcl_is_told_at_its_place() {
        let source =
            SourceFile::new("infra/app/main.tf", "variable \"a\" {}\n\nmodule \"x\" {\n  source = \n}\n");
        let diagnostic = blocks(&source).unwrap_err();
        assert_eq!(diagnostic.to_string(), "infra/app/main.tf:4:12: `infra/app/main.tf` is not valid HCL");
    }
}
