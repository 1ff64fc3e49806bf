//! The graph itself: built once, checked, never changed.

use indexmap::IndexSet;
use petgraph::graph::{DiGraph, NodeIndex};

use super::{cycle, order};
use crate::model::StackId;

/// One stack as the graph sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub stack: StackId,
    /// The stacks that come before it.
    pub needs: Vec<StackId>,
    /// The words that it can be selected by.
    pub tags: Vec<String>,
}

/// Why a list of stacks is no graph that can be run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// Two stacks of one name.
    #[error("stack `{0}` is declared twice")]
    Duplicate(StackId),
    /// A stack needs one that is not there.
    #[error("stack `{stack}` needs `{needs}`, which is not there")]
    Unknown {
        /// The stack.
        stack: StackId,
        /// What it needs.
        needs: StackId,
    },
    /// Stacks that need each other: the whole path, its first stack repeated at the end.
    #[error("stacks need each other: {}", arrows(.0))]
    Cycle(Vec<StackId>),
}

fn arrows(path: &[StackId]) -> String {
    path.iter().map(StackId::as_str).collect::<Vec<_>>().join(" → ")
}

/// Edges between places, from a stack to what it needs.
pub(super) type Edges = DiGraph<(), (), usize>;

/// The stacks of one environment and what each needs, free of cycles.
#[derive(Debug, Clone)]
pub struct StackGraph {
    /// In the order of declaration; a stack's index is its place everywhere else.
    pub(super) names: IndexSet<StackId>,
    pub(super) tags: Vec<Vec<String>>,
    pub(super) edges: Edges,
    /// Places, needs first.
    pub(super) order: Vec<usize>,
}

impl StackGraph {
    /// The graph of these stacks; the order of the list is the order of declaration.
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

    /// How many stacks there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether a stack of this name is in it.
    pub fn contains(&self, stack: &str) -> bool {
        self.names.contains(stack)
    }

    /// All stacks, needs first; what no edge orders stays in the order of declaration.
    pub fn order(&self) -> Vec<StackId> {
        self.order.iter().map(|place| self.names[*place].clone()).collect()
    }

    /// All stacks, dependents first: the order in which they are destroyed.
    pub fn reverse_order(&self) -> Vec<StackId> {
        self.order.iter().rev().map(|place| self.names[*place].clone()).collect()
    }

    /// What a stack needs itself, in the order of declaration; nothing for an unknown name.
    pub fn needs(&self, stack: &str) -> Vec<StackId> {
        self.neighbours(stack, petgraph::Outgoing)
    }

    /// The stacks that need this one themselves, in the order of declaration; nothing for an unknown name.
    pub fn needed_by(&self, stack: &str) -> Vec<StackId> {
        self.neighbours(stack, petgraph::Incoming)
    }

    /// The tags of a stack; none for an unknown name.
    pub fn tags(&self, stack: &str) -> &[String] {
        self.names.get_index_of(stack).map_or(&[], |place| self.tags[place].as_slice())
    }

    fn neighbours(&self, stack: &str, direction: petgraph::Direction) -> Vec<StackId> {
        let Some(place) = self.names.get_index_of(stack) else { return Vec::new() };
        self.places(place, direction).into_iter().map(|place| self.names[place].clone()).collect()
    }

    /// The places next to a place, sorted.
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

    /// A graph from lines of `stack: need need #tag`.
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
