//! Blocks and attributes of files in JSON syntax: members of objects are blocks or attributes, strings are templates.
//!
//! Source: <https://developer.hashicorp.com/terraform/language/syntax/json>. Spans come from the raw text of each
//! value, which is a slice of the file's text.

use std::{ops::Range, sync::Arc};

use hcl_edit::{expr::Expression, template::StringTemplate};
use indexmap::IndexMap;
use serde_json::value::RawValue;

use super::{
    Attribute, Expr, HclBlock, SourceSpan, block::label_count, expression::expression_from_json,
    from_hcl::SYNTAX_CODE, json_tree::Members, parse::parse_template,
};
use crate::{
    diagnostic::{Diagnostic, SourceFile},
    engine::{comparable_value, has_long_number},
};

/// Returns the blocks of a file in JSON, of the types that envctl reads.
pub(super) fn blocks(source: &Arc<SourceFile>) -> Result<Vec<HclBlock>, Diagnostic> {
    let root: &RawValue =
        serde_json::from_str(source.text()).map_err(|error| json_syntax_error(source, &error))?;
    let reader = JsonBlockReader { source };
    let mut blocks = Vec::new();
    reader.push_blocks(None, root, &mut blocks);
    blocks.retain(|block| {
        block.block_type != "data"
            || block.labels.first().is_some_and(|label| label == "terraform_remote_state")
    });
    Ok(blocks)
}

/// Returns the values in a var file in JSON, by the names of their variables.
pub(super) fn attributes(source: &Arc<SourceFile>) -> Result<IndexMap<String, Attribute>, Diagnostic> {
    let Members(members) = serde_json::from_str::<Members<&RawValue>>(source.text())
        .map_err(|error| json_syntax_error(source, &error))?;
    let reader = JsonBlockReader { source };
    let literal = |raw: &RawValue| match comparable_value(raw.get()) {
        Ok(value) if !has_long_number(&value) => Expr::Literal(value),
        _ => Expr::Unreadable,
    };
    let attribute = |raw: &RawValue| Attribute { value: literal(raw), value_span: reader.span(raw) };
    Ok(members.into_iter().map(|(name, raw)| (name, attribute(raw))).collect())
}

fn json_syntax_error(source: &Arc<SourceFile>, error: &serde_json::Error) -> Diagnostic {
    invalid_json(source, error, SYNTAX_CODE)
}

/// Returns the diagnostic for a file that is not valid JSON, with the position of the error.
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
    fn span(&self, raw: &RawValue) -> SourceSpan {
        let start = (raw.get().as_ptr() as usize).saturating_sub(self.source.text().as_ptr() as usize);
        let span: Range<usize> = start..start + raw.get().len();
        SourceSpan { source: Arc::clone(self.source), span }
    }

    /// Appends the blocks inside the object of a block, or inside each object of a list; `parent` is the type of that block.
    fn push_blocks(&self, parent: Option<&str>, raw: &RawValue, blocks: &mut Vec<HclBlock>) {
        for members in objects(raw) {
            for (block_type, raw) in &members {
                if let Some(labels) = label_count(parent, block_type) {
                    self.push_labelled(block_type, &mut Vec::new(), labels, raw, blocks);
                }
            }
        }
    }

    /// Appends the blocks of one type. `labels` are those read so far; `missing_labels` more follow, each as the name of a
    /// member one level deeper.
    fn push_labelled(
        &self,
        block_type: &str,
        labels: &mut Vec<String>,
        missing_labels: usize,
        raw: &RawValue,
        blocks: &mut Vec<HclBlock>,
    ) {
        for members in objects(raw) {
            if missing_labels > 0 {
                for (label, raw) in &members {
                    labels.push(label.clone());
                    self.push_labelled(block_type, labels, missing_labels - 1, raw, blocks);
                    labels.pop();
                }
                continue;
            }
            let mut inner = Vec::new();
            self.push_blocks(Some(block_type), raw, &mut inner);
            let attributes = members
                .iter()
                .filter(|(name, _)| label_count(Some(block_type), name).is_none())
                .map(|(name, raw)| {
                    (name.clone(), Attribute { value: convert_value(raw), value_span: self.span(raw) })
                });
            blocks.push(HclBlock {
                block_type: block_type.to_owned(),
                labels: labels.clone(),
                attributes: attributes.collect(),
                blocks: inner,
                header_span: self.span(raw),
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

fn convert_value(raw: &RawValue) -> Expr {
    let value = comparable_value(raw.get()).ok();
    let expression = value.and_then(|value| expression_from_json(&value, &convert_string));
    expression.map_or(Expr::Unreadable, |expression| Expr::from(&expression))
}

/// Converts a string of a file in JSON, which is a template, to an expression; `None` if the parser refuses the template.
fn convert_string(text: &str) -> Option<Expression> {
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
            blocks.iter().map(|b| format!("{} {}", b.block_type, b.labels.join(" "))).collect();
        assert_eq!(heads, ["terraform ", "data terraform_remote_state net", "variable a", "variable b"]);
        let backend = blocks[0].nested_blocks("backend").next().unwrap();
        assert_eq!(backend.labels, ["s3"]);
        assert_eq!(backend.attributes["bucket"].value, Expr::Literal(json!("b")));
        assert_eq!(&text[backend.attributes["bucket"].value_span.span.clone()], "\"b\"");
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
            blocks.iter().map(|b| format!("{} {}", b.block_type, b.labels.join(" "))).collect();
        assert_eq!(heads, ["variable a", "terraform ", "variable b", "variable b", "terraform "]);
        assert!(blocks[3].is_true("sensitive") && blocks[4].nested_blocks("backend").next().is_some());
    }

    #[test]
    fn broken_json_is_told_at_its_line() {
        let source = SourceFile::new("main.tf.json", "{\n  \"terraform\": {\n");
        assert!(blocks(&source).unwrap_err().to_string().starts_with("main.tf.json:3:1: "));
    }
}
