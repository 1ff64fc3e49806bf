//! Drawings of a graph as text; one function per format.

mod document;
mod dot;
mod mermaid;
mod tree;
mod wires;

pub use document::{GraphDocument, GraphStack};
pub use dot::dot;
pub use mermaid::mermaid;
pub use tree::tree;
pub use wires::{OutputReference, OutputReferences};
