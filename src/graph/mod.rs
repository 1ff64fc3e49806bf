//! Graph of the stacks of one environment: order, cycles, selection, drawings.
//!
//! The module knows only names and edges, no files and no engines. An edge goes from a stack to its dependency. Every
//! order lists dependencies first; stacks without an edge between them stay in the order of declaration.

mod change;
mod cycle;
mod edges;
mod order;
mod pattern;

pub mod render;
mod selection;
mod selection_reason;
mod stack_graph;
mod subgraph;

pub use change::{Change, ChangedStacks, InputKind, Since};
pub use selection::{SelectedStack, Selection, SelectionError};
pub use selection_reason::SelectionReason;
pub use stack_graph::{GraphError, StackGraph, StackNode};
