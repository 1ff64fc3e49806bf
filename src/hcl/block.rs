//! Blocks of a configuration file, the same for native and for JSON syntax.

use std::{ops::Range, sync::Arc};

use indexmap::IndexMap;

use super::Expr;
use crate::diagnostic::SourceFile;

/// Span in a file, with the file's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSpan {
    /// File that holds the span.
    pub source: Arc<SourceFile>,
    /// Range of bytes in the file's text.
    pub span: Range<usize>,
}

impl SourceSpan {
    /// Returns the file and the line for a message: `infra/app/backend.tf:3`.
    pub fn file_and_line(&self) -> String {
        format!("{}:{}", self.source.path(), self.source.position(self.span.start).0)
    }
}

/// Attribute of a block or a var file.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// Value of the attribute.
    pub value: Expr,
    /// Span of the value.
    pub value_span: SourceSpan,
}

/// Block with its attributes and nested blocks.
#[derive(Debug, Clone, PartialEq)]
pub struct HclBlock {
    /// Type of the block: `terraform`, `variable`, `module` …
    pub block_type: String,
    /// Labels of the block, in order.
    pub labels: Vec<String>,
    /// Attributes of the block by name, in order.
    pub attributes: IndexMap<String, Attribute>,
    /// Nested blocks, in order.
    pub blocks: Vec<HclBlock>,
    /// Span of the block's header: its type and labels.
    pub header_span: SourceSpan,
}

impl HclBlock {
    /// Returns the nested blocks of one type.
    pub fn nested_blocks<'a>(&'a self, block_type: &'a str) -> impl Iterator<Item = &'a Self> {
        self.blocks.iter().filter(move |block| block.block_type == block_type)
    }

    /// Returns true if the value of an attribute is `true`, or the text `"true"`, which engines convert to `true`.
    pub fn is_true(&self, attribute: &str) -> bool {
        let value = self.attributes.get(attribute).and_then(|a| a.value.literal());
        value.is_some_and(|value| value.as_bool() == Some(true) || value.as_str() == Some("true"))
    }
}

/// Returns the number of labels of a block type that envctl reads inside `parent`; `None` for all other block types.
pub(super) fn label_count(parent: Option<&str>, block_type: &str) -> Option<usize> {
    match (parent, block_type) {
        (None, "terraform" | "language")
        | (Some("terraform"), "cloud" | "required_providers")
        | (Some("language"), "compatible_with") => Some(0),
        (None, "variable" | "module") | (Some("terraform"), "backend") => Some(1),
        (None, "data") => Some(2),
        _ => None,
    }
}
