//! Transitive dependencies and dependents of a set of stacks.

use std::collections::VecDeque;

use super::StackGraph;
use crate::model::StackId;

impl StackGraph {
    /// Returns the transitive dependencies of these stacks, dependencies first. A given stack is included only if
    /// another given stack needs it.
    pub fn dependencies(&self, stacks: &[StackId]) -> Vec<StackId> {
        self.closure(stacks, petgraph::Outgoing)
    }

    /// Returns the transitive dependents of these stacks, dependencies first.
    pub fn dependents(&self, stacks: &[StackId]) -> Vec<StackId> {
        self.closure(stacks, petgraph::Incoming)
    }

    fn closure(&self, stacks: &[StackId], direction: petgraph::Direction) -> Vec<StackId> {
        let seeds: Vec<usize> = stacks.iter().filter_map(|s| self.names.get_index_of(s)).collect();
        let reached = self.reach(&seeds, direction);
        let inside = self.order.iter().filter(|place| reached[**place].is_some());
        inside.map(|place| self.names[*place].clone()).collect()
    }

    /// Returns for each index the seed that reaches it over at least one edge; the nearest seed if there are several.
    pub(super) fn reach(&self, seeds: &[usize], direction: petgraph::Direction) -> Vec<Option<usize>> {
        let mut reached = vec![None; self.names.len()];
        let mut queue: VecDeque<(usize, usize)> = seeds.iter().map(|seed| (*seed, *seed)).collect();
        while let Some((place, seed)) = queue.pop_front() {
            for next in self.places(place, direction) {
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
mod tests {
    use crate::graph::stack_graph::tests::{graph, texts};

    #[test]
    fn closures_reach_to_any_depth_and_leave_out_their_start() {
        let graph = graph(&["app: db", "db: network", "network", "other"]).unwrap();
        assert_eq!(texts(&graph.dependencies(&["app".parse().unwrap()])), ["network", "db"]);
        assert_eq!(texts(&graph.dependents(&["network".parse().unwrap()])), ["db", "app"]);
        assert!(graph.dependencies(&["other".parse().unwrap()]).is_empty());
    }
}
