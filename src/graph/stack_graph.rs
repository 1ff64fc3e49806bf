//! Dependency graph of stacks: validated when built, immutable afterwards.

use std::collections::VecDeque;

use indexmap::IndexSet;
use petgraph::graph::NodeIndex;

use super::{cycle, edges::Edges, order};
use crate::model::StackId;

/// Stack as a node of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StackNode {
    /// Name of the stack.
    pub stack: StackId,
    /// Direct dependencies.
    pub needs: Vec<StackId>,
    /// Tags that select the stack.
    pub tags: Vec<String>,
}

/// Error in a list of stacks from which no graph can be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Two stacks have the same name.
    #[error("stack `{0}` is declared twice")]
    Duplicate(StackId),
    /// A stack needs an unknown stack.
    #[error("stack `{stack}` needs `{needs}`, which is not there")]
    UnknownNeed {
        /// Name of the stack.
        stack: StackId,
        /// Unknown dependency.
        needs: StackId,
    },
    /// Stacks need each other: the path of the cycle, its first stack repeated at the end.
    #[error("stacks need each other: {}", path_text(.0))]
    Cycle(Vec<StackId>),
}

/// Returns the names on a path with arrows between them.
fn path_text(path: &[StackId]) -> String {
    path.iter().map(StackId::as_str).collect::<Vec<_>>().join(" → ")
}

/// Stacks of one environment and their dependencies, without cycles.
#[derive(Debug, Clone)]
pub struct StackGraph {
    /// Names in the order of declaration; the index of a stack here is its index in all other fields.
    pub(super) names: IndexSet<StackId>,
    /// Tags of each stack.
    pub(super) tags: Vec<Vec<String>>,
    /// Edges from each stack to its dependencies.
    pub(super) edges: Edges,
    /// Indices of all stacks, dependencies first.
    pub(super) order: Vec<usize>,
}

impl StackGraph {
    /// Builds the graph; the order of the list is the order of declaration.
    pub fn new(nodes: Vec<StackNode>) -> Result<Self, GraphError> {
        let mut names = IndexSet::with_capacity(nodes.len());
        let mut tags = Vec::with_capacity(nodes.len());
        let mut needs = Vec::with_capacity(nodes.len());
        for node in nodes {
            if names.contains(&node.stack) {
                return Err(GraphError::Duplicate(node.stack));
            }
            names.insert(node.stack);
            tags.push(node.tags);
            needs.push(node.needs);
        }
        let mut edges = Edges::with_capacity(names.len(), needs.iter().map(Vec::len).sum());
        for _ in 0..names.len() {
            edges.add_node(());
        }
        for (from, needs) in needs.into_iter().enumerate() {
            for needed in needs {
                let Some(to) = names.get_index_of(&needed) else {
                    return Err(GraphError::UnknownNeed { stack: names[from].clone(), needs: needed });
                };
                edges.update_edge(NodeIndex::new(from), NodeIndex::new(to), ());
            }
        }
        match order::topological_order(&edges) {
            Some(order) => Ok(Self { names, tags, edges, order }),
            None => Err(GraphError::Cycle(
                cycle::shortest_cycle(&edges).into_iter().map(|index| names[index].clone()).collect(),
            )),
        }
    }

    /// Returns the number of stacks.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Returns true if there are no stacks.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Returns true if the graph has a stack of this name.
    pub fn contains(&self, stack: &str) -> bool {
        self.names.contains(stack)
    }

    /// Returns all stacks, dependencies first; ties stay in the order of declaration.
    pub fn order(&self) -> Vec<StackId> {
        self.order.iter().map(|index| self.names[*index].clone()).collect()
    }

    /// Returns all stacks, dependents first: the order of a destruction.
    pub fn reverse_order(&self) -> Vec<StackId> {
        self.order.iter().rev().map(|index| self.names[*index].clone()).collect()
    }

    /// Returns the direct dependencies of a stack, in the order of declaration; empty for an unknown name.
    pub fn needs(&self, stack: &str) -> Vec<StackId> {
        self.neighbours(stack, petgraph::Outgoing)
    }

    /// Returns the direct dependents of a stack, in the order of declaration; empty for an unknown name.
    pub fn needed_by(&self, stack: &str) -> Vec<StackId> {
        self.neighbours(stack, petgraph::Incoming)
    }

    /// Returns the tags of a stack; empty for an unknown name.
    pub fn tags(&self, stack: &str) -> &[String] {
        self.names.get_index_of(stack).map_or(&[], |index| self.tags[index].as_slice())
    }

    /// Returns the names of a stack's neighbours in one direction.
    fn neighbours(&self, stack: &str, direction: petgraph::Direction) -> Vec<StackId> {
        let Some(index) = self.names.get_index_of(stack) else { return Vec::new() };
        self.neighbour_indices(index, direction).into_iter().map(|index| self.names[index].clone()).collect()
    }

    /// Returns the indices of the neighbours of a stack, sorted.
    pub(super) fn neighbour_indices(&self, index: usize, direction: petgraph::Direction) -> Vec<usize> {
        let mut indices: Vec<usize> =
            self.edges.neighbors_directed(NodeIndex::new(index), direction).map(NodeIndex::index).collect();
        indices.sort_unstable();
        indices
    }

    /// Returns the transitive dependencies of these stacks, dependencies first. A given stack is included only if
    /// another given stack needs it.
    pub fn dependencies(&self, stacks: &[StackId]) -> Vec<StackId> {
        self.closure(stacks, petgraph::Outgoing)
    }

    /// Returns the transitive dependents of these stacks, dependencies first.
    pub fn dependents(&self, stacks: &[StackId]) -> Vec<StackId> {
        self.closure(stacks, petgraph::Incoming)
    }

    /// Returns all stacks that these stacks reach in one direction, dependencies first.
    fn closure(&self, stacks: &[StackId], direction: petgraph::Direction) -> Vec<StackId> {
        let seeds: Vec<usize> = stacks.iter().filter_map(|s| self.names.get_index_of(s)).collect();
        let reached = self.nearest_seeds(&seeds, direction);
        let inside = self.order.iter().filter(|index| reached[**index].is_some());
        inside.map(|index| self.names[*index].clone()).collect()
    }

    /// Returns for each index the seed that reaches it over at least one edge; the nearest seed if there are several.
    pub(super) fn nearest_seeds(
        &self,
        seeds: &[usize],
        direction: petgraph::Direction,
    ) -> Vec<Option<usize>> {
        let mut reached = vec![None; self.names.len()];
        let mut queue: VecDeque<(usize, usize)> = seeds.iter().map(|seed| (*seed, *seed)).collect();
        while let Some((index, seed)) = queue.pop_front() {
            for next in self.neighbour_indices(index, direction) {
                if reached[next].is_none() {
                    reached[next] = Some(seed);
                    queue.push_back((next, seed));
                }
            }
        }
        reached
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Makes a graph from lines of `stack: need need #tag`.
    pub(in crate::graph) fn graph(lines: &[&str]) -> Result<StackGraph, GraphError> {
        let nodes = lines.iter().map(|line| {
            let (stack, rest) = line.split_once(':').unwrap_or((line, ""));
            let words = || rest.split_whitespace();
            StackNode {
                stack: stack.parse().unwrap(),
                needs: words().filter(|w| !w.starts_with('#')).map(|w| w.parse().unwrap()).collect(),
                tags: words().filter_map(|w| w.strip_prefix('#')).map(str::to_owned).collect(),
            }
        });
        StackGraph::new(nodes.collect())
    }

    pub(in crate::graph) fn texts(stacks: &[StackId]) -> Vec<&str> {
        stacks.iter().map(StackId::as_str).collect()
    }

    #[test]
    fn a_need_that_is_not_there_names_both() {
        let error = graph(&["app: netwrok", "network"]).unwrap_err();
        assert_eq!(error.to_string(), "stack `app` needs `netwrok`, which is not there");
    }

    #[test]
    fn two_stacks_of_one_name_are_refused() {
        assert_eq!(graph(&["a", "a"]).unwrap_err(), GraphError::Duplicate("a".parse().unwrap()));
    }

    #[test]
    fn neighbours_are_known_in_both_directions() {
        let graph = graph(&["app: db network", "db: network", "network"]).unwrap();
        assert_eq!(texts(&graph.needs("app")), ["db", "network"]);
        assert_eq!(texts(&graph.needed_by("network")), ["app", "db"]);
        assert!(graph.needs("nobody").is_empty());
    }

    #[test]
    fn closures_reach_to_any_depth_and_leave_out_their_start() {
        let graph = graph(&["app: db", "db: network", "network", "other"]).unwrap();
        assert_eq!(texts(&graph.dependencies(&["app".parse().unwrap()])), ["network", "db"]);
        assert_eq!(texts(&graph.dependents(&["network".parse().unwrap()])), ["db", "app"]);
        assert!(graph.dependencies(&["other".parse().unwrap()]).is_empty());
    }
}
