//! Drawings of a graph as text; one function per format.

mod annotations;
mod document;
mod dot;
mod mermaid;
mod tree;

pub use annotations::{Annotations, OutputReference, StackAnnotations};
pub use document::{GraphDocument, GraphStack};
pub use dot::dot;
pub use mermaid::mermaid;
pub use tree::tree;
