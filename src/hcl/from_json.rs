//! Blocks and attributes of JSON syntax, in which members are named like blocks and attributes, and strings are
//! templates.
//!
//! Source: <https://developer.hashicorp.com/terraform/language/syntax/json>. Spans come from the raw text of each
//! value, which is a slice of the file's text.

use std::{ops::Range, sync::Arc};

use hcl_edit::{expr::Expression, template::StringTemplate};
use indexmap::IndexMap;
use serde_json::value::RawValue;

use super::{
    Attribute, Expr, HclBlock, SourceSpan, block::labels_of, expression::expression_of,
    from_hcl::SYNTAX_CODE, json_tree::Members, parse::parse_template,
};
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    engine::{comparable_value, has_long_number},
};

/// Returns the blocks of a file that envctl reads.
pub(super) fn blocks(source: &Arc<SourceFile>) -> Result<Vec<HclBlock>, Diagnostic> {
    let root: &RawValue = serde_json::from_str(source.text()).map_err(|error| broken(source, &error))?;
    let reader = JsonBlockReader { source };
    let mut blocks = Vec::new();
    reader.inside(None, root, &mut blocks);
    blocks.retain(|block| {
        block.kind != "data" || block.labels.first().is_some_and(|label| label == "terraform_remote_state")
    });
    Ok(blocks)
}

/// Returns the members of a file that is one object: a var file.
pub(super) fn attributes(source: &Arc<SourceFile>) -> Result<IndexMap<String, Attribute>, Diagnostic> {
    let Members(members) =
        serde_json::from_str::<Members<&RawValue>>(source.text()).map_err(|error| broken(source, &error))?;
    let reader = JsonBlockReader { source };
    let literal = |raw: &RawValue| match comparable_value(raw.get()) {
        Ok(value) if !has_long_number(&value) => Expr::Literal(value),
        _ => Expr::Unreadable,
    };
    let attribute = |raw: &RawValue| Attribute { value: literal(raw), place: reader.place(raw) };
    Ok(members.into_iter().map(|(name, raw)| (name, attribute(raw))).collect())
}

fn broken(source: &Arc<SourceFile>, error: &serde_json::Error) -> Diagnostic {
    invalid_json(source, error, SYNTAX_CODE)
}

/// Returns the diagnostic for a file that is not valid JSON, at the place of the error.
pub(super) fn invalid_json(
    source: &Arc<SourceFile>,
    error: &serde_json::Error,
    code: &'static str,
) -> Diagnostic {
    let line_start: usize =
        source.text().split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
    let at = usize::min(line_start + error.column().saturating_sub(1), source.text().len());
    let message = format!("`{}` is not valid JSON", source.path());
    Diagnostic::error(code, message).at(source, at..at, error.to_string())
}

struct JsonBlockReader<'a> {
    source: &'a Arc<SourceFile>,
}

impl JsonBlockReader<'_> {
    /// Returns the span of a value, whose text is a slice of the file's text.
    fn place(&self, raw: &RawValue) -> SourceSpan {
        let start = (raw.get().as_ptr() as usize).saturating_sub(self.source.text().as_ptr() as usize);
        let span: Range<usize> = start..start + raw.get().len();
        SourceSpan { source: Arc::clone(self.source), span }
    }

    /// Appends the blocks inside an object, or inside each object of a list.
    fn inside(&self, parent: Option<&str>, raw: &RawValue, blocks: &mut Vec<HclBlock>) {
        for members in objects(raw) {
            for (kind, raw) in &members {
                if let Some(labels) = labels_of(parent, kind) {
                    self.labelled(kind, &mut Vec::new(), labels, raw, blocks);
                }
            }
        }
    }

    fn labelled(
        &self,
        kind: &str,
        have: &mut Vec<String>,
        more: usize,
        raw: &RawValue,
        blocks: &mut Vec<HclBlock>,
    ) {
        for members in objects(raw) {
            if more > 0 {
                for (label, raw) in &members {
                    have.push(label.clone());
                    self.labelled(kind, have, more - 1, raw, blocks);
                    have.pop();
                }
                continue;
            }
            let mut inner = Vec::new();
            self.inside(Some(kind), raw, &mut inner);
            let attributes = members.iter().filter(|(name, _)| labels_of(Some(kind), name).is_none()).map(
                |(name, raw)| (name.clone(), Attribute { value: expression(raw), place: self.place(raw) }),
            );
            blocks.push(HclBlock {
                kind: kind.to_owned(),
                labels: have.clone(),
                attributes: attributes.collect(),
                blocks: inner,
                place: self.place(raw),
            });
        }
    }
}

/// Returns the members of an object, or of each object of a list.
fn objects(raw: &RawValue) -> Vec<Vec<(String, &RawValue)>> {
    if let Ok(Members(members)) = serde_json::from_str(raw.get()) {
        return vec![members];
    }
    let items: Vec<&RawValue> = serde_json::from_str(raw.get()).unwrap_or_default();
    items.into_iter().flat_map(objects).collect()
}

fn expression(raw: &RawValue) -> Expr {
    let value = comparable_value(raw.get()).ok();
    let expression = value.and_then(|value| expression_of(&value, &template));
    expression.map_or(Expr::Unreadable, |expression| Expr::from(&expression))
}

/// Converts a string of JSON syntax, which is a template of native syntax.
fn template(text: &str) -> Option<Expression> {
    if !text.contains("${") && !text.contains("%{") {
        return Some(Expression::from(text));
    }
    parse_template(text).ok().map(|template| Expression::from(StringTemplate::from(template)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::hcl::Reference;

    #[test]
    fn json_syntax_gives_the_same_blocks_with_places() {
        let text = r#"{
  "terraform": { "backend": { "s3": { "bucket": "b", "key": "${var.k}" } } },
  "data": { "aws_ami": { "x": {} }, "terraform_remote_state": { "net": { "backend": "s3" } } },
  "variable": [ { "a": {} }, { "b": { "sensitive": true } } ]
}"#;
        let source = SourceFile::new("main.tf.json", text);
        let blocks = blocks(&source).unwrap();
        let heads: Vec<String> =
            blocks.iter().map(|b| format!("{} {}", b.kind, b.labels.join(" "))).collect();
        assert_eq!(heads, ["terraform ", "data terraform_remote_state net", "variable a", "variable b"]);
        let backend = blocks[0].inner("backend").next().unwrap();
        assert_eq!(backend.labels, ["s3"]);
        assert_eq!(backend.attributes["bucket"].value, Expr::Literal(json!("b")));
        assert_eq!(&text[backend.attributes["bucket"].place.span.clone()], "\"b\"");
        let key = &backend.attributes["key"].value;
        assert_eq!(key.literal(), None);
        let look_up = |reference: Reference<'_>| (reference == Reference::Variable("k")).then(|| json!([5]));
        assert_eq!(key.evaluate(&look_up), Some(json!([5])), "the reference alone keeps its type");
        assert!(blocks[3].is_true("sensitive"));
    }

    #[test]
    fn a_member_may_stand_twice_where_it_is_a_block() {
        let text = r#"{
  "variable": { "a": {} },
  "terraform": { "required_version": ">= 1" },
  "variable": { "b": {}, "b": { "sensitive": true } },
  "terraform": { "backend": { "s3": {} } }
}"#;
        let blocks = blocks(&SourceFile::new("main.tf.json", text)).unwrap();
        let heads: Vec<String> =
            blocks.iter().map(|b| format!("{} {}", b.kind, b.labels.join(" "))).collect();
        assert_eq!(heads, ["variable a", "terraform ", "variable b", "variable b", "terraform "]);
        assert!(blocks[3].is_true("sensitive") && blocks[4].inner("backend").next().is_some());
    }

    #[test]
    fn broken_json_is_told_at_its_line() {
        let source = SourceFile::new("main.tf.json", "{\n  \"terraform\": {\n");
        assert!(blocks(&source).unwrap_err().to_string().starts_with("main.tf.json:3:1: "));
    }
}
