//! Graph of the stacks of one environment: order, cycles, selection, drawings.
//!
//! Pure: knows names and edges, and nothing of files or engines. An edge goes from a stack to its dependency. Every
//! order lists dependencies first; stacks without an edge between them stay in the order of declaration.

mod change;
mod cycle;
mod edges;
mod order;
mod pattern;

pub mod render;
mod selection;
mod stack_graph;
mod subgraph;
mod why;

pub use change::{Change, ChangedStacks, InputKind, Since};
pub use selection::{SelectedStack, Selection, SelectionError};
pub use stack_graph::{GraphError, StackGraph, StackNode};
pub use why::SelectionReason;
