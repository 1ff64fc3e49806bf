//! A block of a configuration file, whichever syntax it was written in.

use std::{ops::Range, sync::Arc};

use indexmap::IndexMap;

use super::Expr;
use crate::diagnostic::SourceFile;

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file.
    pub source: Arc<SourceFile>,
    /// Bytes in its text.
    pub span: Range<usize>,
}

impl Place {
    /// The file and the line, for a sentence: `infra/app/backend.tf:3`.
    pub fn line(&self) -> String {
        format!("{}:{}", self.source.path(), self.source.position(self.span.start).0)
    }
}

/// The value of one attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// What it says.
    pub value: Expr,
    /// Where the value stands.
    pub place: Place,
}

/// A block with its attributes and the blocks inside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// `terraform`, `variable`, `module` …
    pub kind: String,
    /// Its labels.
    pub labels: Vec<String>,
    /// Its attributes in order.
    pub attributes: IndexMap<String, Attribute>,
    /// The blocks inside it.
    pub blocks: Vec<Block>,
    /// Where its head stands.
    pub place: Place,
}

impl Block {
    /// The blocks of a kind inside it.
    pub fn inner<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Self> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }

    /// Returns true if an attribute is the literal `true`, or the text `"true"`, which engines convert.
    pub fn is_true(&self, attribute: &str) -> bool {
        let value = self.attributes.get(attribute).and_then(|a| a.value.literal());
        value.is_some_and(|value| value.as_bool() == Some(true) || value.as_str() == Some("true"))
    }
}

/// How many labels a block of this kind has, for those that are read; the others are passed over.
pub(super) fn labels_of(parent: Option<&str>, kind: &str) -> Option<usize> {
    match (parent, kind) {
        (None, "terraform") | (Some("terraform"), "cloud" | "required_providers") => Some(0),
        (None, "variable" | "module") | (Some("terraform"), "backend") => Some(1),
        (None, "data") => Some(2),
        _ => None,
    }
}
