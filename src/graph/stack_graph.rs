//! Dependency graph of stacks: validated when built, immutable afterwards.

use indexmap::IndexSet;
use petgraph::graph::{DiGraph, NodeIndex};

use super::{cycle, order};
use crate::model::StackId;

/// Stack as a node of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Id of the stack.
    pub stack: StackId,
    /// Direct dependencies.
    pub needs: Vec<StackId>,
    /// Tags that select the stack.
    pub tags: Vec<String>,
}

/// Error in a list of stacks that keeps it from being a graph.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Two stacks have the same name.
    #[error("stack `{0}` is declared twice")]
    Duplicate(StackId),
    /// A stack needs an unknown stack.
    #[error("stack `{stack}` needs `{needs}`, which is not there")]
    Unknown {
        /// Id of the stack.
        stack: StackId,
        /// Unknown dependency.
        needs: StackId,
    },
    /// Stacks need each other: the path of the cycle, its first stack repeated at the end.
    #[error("stacks need each other: {}", arrows(.0))]
    Cycle(Vec<StackId>),
}

fn arrows(path: &[StackId]) -> String {
    path.iter().map(StackId::as_str).collect::<Vec<_>>().join(" → ")
}

/// Edges between indices of stacks, from a stack to its dependency.
pub(super) type Edges = DiGraph<(), (), usize>;

/// Stacks of one environment and their dependencies, without cycles.
#[derive(Debug, Clone)]
pub struct StackGraph {
    /// Names in the order of declaration; the index of a stack here is its index in all other fields.
    pub(super) names: IndexSet<StackId>,
    pub(super) tags: Vec<Vec<String>>,
    pub(super) edges: Edges,
    /// Indices, dependencies first.
    pub(super) order: Vec<usize>,
}

impl StackGraph {
    /// Builds the graph; the order of the list is the order of declaration.
    pub fn new(nodes: Vec<Node>) -> Result<Self, GraphError> {
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
                    return Err(GraphError::Unknown { stack: names[from].clone(), needs: needed });
                };
                edges.update_edge(NodeIndex::new(from), NodeIndex::new(to), ());
            }
        }
        match order::needs_first(&edges) {
            Some(order) => Ok(Self { names, tags, edges, order }),
            None => Err(GraphError::Cycle(
                cycle::shortest(&edges).into_iter().map(|place| names[place].clone()).collect(),
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
        self.order.iter().map(|place| self.names[*place].clone()).collect()
    }

    /// Returns all stacks, dependents first: the order of a destruction.
    pub fn reverse_order(&self) -> Vec<StackId> {
        self.order.iter().rev().map(|place| self.names[*place].clone()).collect()
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
        self.names.get_index_of(stack).map_or(&[], |place| self.tags[place].as_slice())
    }

    fn neighbours(&self, stack: &str, direction: petgraph::Direction) -> Vec<StackId> {
        let Some(place) = self.names.get_index_of(stack) else { return Vec::new() };
        self.places(place, direction).into_iter().map(|place| self.names[place].clone()).collect()
    }

    /// Returns the indices of the neighbours of a stack, sorted.
    pub(super) fn places(&self, place: usize, direction: petgraph::Direction) -> Vec<usize> {
        let mut places: Vec<usize> =
            self.edges.neighbors_directed(NodeIndex::new(place), direction).map(NodeIndex::index).collect();
        places.sort_unstable();
        places
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
            Node {
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
}
