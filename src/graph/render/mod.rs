//! Drawings of a graph as text: each format a function from the graph to a string.

mod document;
mod dot;
mod mermaid;
mod tree;
mod wires;

pub use document::{GraphDocument, GraphStack};
pub use dot::dot;
pub use mermaid::mermaid;
pub use tree::tree;
pub use wires::{Wire, Wires};
