//! Drawings of a graph as text; one function per format.

mod document;
mod dot;
mod mermaid;
mod output_references;
mod tree;

pub use document::{GraphDocument, GraphStack};
pub use dot::dot;
pub use mermaid::mermaid;
pub use output_references::{OutputReference, OutputReferences};
pub use tree::tree;
