//! Blocks and attributes of files in native syntax.

use std::sync::Arc;

use hcl_edit::{
    Span,
    structure::{self, Body},
};
use indexmap::IndexMap;

use super::{Attribute, Expr, HclBlock, SourceSpan, block::label_count, parse::parse_body};
use crate::diagnostic::{Diagnostic, SourceFile};

/// Code of the diagnostic for a file that is not valid HCL for the parser of envctl; an engine may still accept the file.
pub const SYNTAX_CODE: &str = "hcl::syntax";

/// Returns the blocks of a file in native syntax, of the types that envctl reads.
pub(super) fn blocks(source: &Arc<SourceFile>) -> Result<Vec<HclBlock>, Diagnostic> {
    let body = body(source)?;
    let wanted = body.blocks().filter(|block| {
        label_count(None, block.ident.as_str()).is_some()
            && (block.ident.as_str() != "data"
                || block.labels.first().is_some_and(|label| label.as_str() == "terraform_remote_state"))
    });
    Ok(wanted.map(|block| convert_block(source, block)).collect())
}

/// Returns the values in a var file in HCL, by the names of their variables.
pub(super) fn attributes(source: &Arc<SourceFile>) -> Result<IndexMap<String, Attribute>, Diagnostic> {
    Ok(convert_attributes(source, &body(source)?))
}

/// Parses a file into its syntax tree, with spans.
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

fn convert_block(source: &Arc<SourceFile>, block: &structure::Block) -> HclBlock {
    let start = block.ident.span().map_or(0, |span| span.start);
    let last = block.labels.last().and_then(Span::span).or_else(|| block.ident.span());
    HclBlock {
        block_type: block.ident.as_str().to_owned(),
        labels: block.labels.iter().map(|label| label.as_str().to_owned()).collect(),
        attributes: convert_attributes(source, &block.body),
        blocks: block.body.blocks().map(|inner| convert_block(source, inner)).collect(),
        header_span: SourceSpan {
            source: Arc::clone(source),
            span: start..last.map_or(start, |span| span.end),
        },
    }
}

pub(super) fn convert_attributes(source: &Arc<SourceFile>, body: &Body) -> IndexMap<String, Attribute> {
    let attributes = body.attributes().map(|attribute| {
        let span = attribute.value.span().or_else(|| attribute.span()).unwrap_or_default();
        let value_span = SourceSpan { source: Arc::clone(source), span };
        (attribute.key.as_str().to_owned(), Attribute { value: Expr::from(&attribute.value), value_span })
    });
    attributes.collect()
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
            assert_eq!(value(long).literal(), None, "{long}");
            assert_eq!(value(long).evaluate(&|_| None), None, "{long}");
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
        let any = |_: Reference<'_>| Some(json!([5]));
        assert_eq!(value("\"${var.x}\"").evaluate(&any), Some(json!([5])));
        assert_eq!(value("\"${local.x}/a\"").evaluate(&any), None);
        assert_eq!(value("\"${var.x}/a\"").evaluate(&any), None);
        assert_eq!(value("\"a ${~ var.project ~} b\"").evaluate(&look_up), Some(json!("ashopb")));
    }

    #[test]
    fn functions_lists_and_objects_of_known_parts_have_a_value() {
        let look_up = |reference: Reference<'_>| match reference {
            Reference::Variable("project") => Some(json!("shop")),
            Reference::Variable("count") => Some(json!(1.50)),
            _ => None,
        };
        for (text, expected) in [
            ("join(\"/\", [var.project, \"x\"])", Some(json!("shop/x"))),
            ("format(\"%s-%s\", var.project, var.count)", Some(json!("shop-1.5"))),
            ("[\"a\", (var.count), \"${var.count}\"]", Some(json!(["a", 1.5, 1.5]))),
            (
                "{ key = basename(\"a/${var.project}\"), (var.project) = true }",
                Some(json!({"key": "shop", "shop": true})),
            ),
            ("nonsensitive(var.count)", Some(json!(1.5))),
            ("tostring(var.count)", Some(json!("1.5"))),
            ("sensitive(var.project)", None),
            ("abspath(var.project)", None),
            ("join(\"/\", [local.x])", None),
            ("[\"a\", local.x]", None),
            ("{ (local.x) = 1 }", None),
            ("\"a${null}\"", None),
            ("\"a%{ if true }b%{ endif }\"", None),
            ("var.project == \"shop\" ? 1 : 2", None),
            ("var.project.x", None),
        ] {
            assert_eq!(value(text).evaluate(&look_up), expected, "{text}");
        }
        assert_eq!(value("join(\"/\", [\"a\", \"b\"])").literal(), Some(&json!("a/b")));
    }

    #[test]
    fn broken_hcl_is_told_at_its_place() {
        let source =
            SourceFile::new("infra/app/main.tf", "variable \"a\" {}\n\nmodule \"x\" {\n  source = \n}\n");
        let diagnostic = blocks(&source).unwrap_err();
        assert_eq!(diagnostic.to_string(), "infra/app/main.tf:4:12: `infra/app/main.tf` is not valid HCL");
    }
}
