//! Edges of the graph of stacks, by the indices of stacks.

use petgraph::graph::DiGraph;

/// Edges between indices of stacks, from a stack to its dependency.
pub(super) type Edges = DiGraph<(), (), usize>;
