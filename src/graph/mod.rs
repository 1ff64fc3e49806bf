//! The graph of the stacks of one environment: order, cycles, selection, drawings.
//!
//! Pure: it knows names and edges, nothing of files, environments or engines. An edge goes from a stack to what it
//! needs; every order has needs first, and what is not ordered by an edge stays in the order of declaration.

mod change;
mod closure;
mod cycle;
mod order;
mod pattern;

pub mod render;
mod selection;
mod stack_graph;
mod subgraph;
mod why;

pub use change::{Change, Part, Since, Touched};
pub use selection::{Selected, Selection, SelectionError};
pub use stack_graph::{GraphError, Node, StackGraph};
pub use why::Why;
