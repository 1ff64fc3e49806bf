//! Subgraph of some stacks that keeps their order.

use indexmap::IndexSet;
use petgraph::graph::NodeIndex;

use super::{StackGraph, edges::Edges, order};
use crate::model::StackId;

impl StackGraph {
    /// Returns the graph of some stacks; unknown names are ignored.
    ///
    /// Dependencies through omitted stacks remain: with `a` needing `b` needing `c`, `a` comes after `c` also without
    /// `b`.
    #[must_use]
    pub fn subgraph(&self, stacks: &[StackId]) -> Self {
        let mut is_kept = vec![false; self.names.len()];
        for index in stacks.iter().filter_map(|stack| self.names.get_index_of(stack)) {
            is_kept[index] = true;
        }
        let kept_indices: Vec<usize> = (0..self.names.len()).filter(|index| is_kept[*index]).collect();
        let names: IndexSet<StackId> = kept_indices.iter().map(|index| self.names[*index].clone()).collect();
        let tags = kept_indices.iter().map(|index| self.tags[*index].clone()).collect();
        let mut edges = Edges::with_capacity(kept_indices.len(), kept_indices.len());
        for _ in &kept_indices {
            edges.add_node(());
        }
        let mut new_index = vec![0; self.names.len()];
        for (new, old) in kept_indices.iter().enumerate() {
            new_index[*old] = new;
        }
        for (index, needs) in self.nearest_kept(&is_kept).into_iter().enumerate().filter(|(p, _)| is_kept[*p])
        {
            for need in needs {
                edges.add_edge(NodeIndex::new(new_index[index]), NodeIndex::new(new_index[need]), ());
            }
        }
        // Every path in the subgraph is a path in the whole graph, so there is no cycle and the fallback is
        // never used.
        let order = order::topological_order(&edges).unwrap_or_else(|| {
            self.order.iter().filter(|index| is_kept[**index]).map(|index| new_index[*index]).collect()
        });
        Self { names, tags, edges, order }
    }

    /// Returns for each stack the kept stacks that it depends on without another kept stack in between, as sorted indices.
    fn nearest_kept(&self, is_kept: &[bool]) -> Vec<Vec<usize>> {
        let mut nearest: Vec<Vec<usize>> = vec![Vec::new(); self.names.len()];
        for index in &self.order {
            let mut found = Vec::new();
            for need in self.neighbour_indices(*index, petgraph::Outgoing) {
                if is_kept[need] {
                    found.push(need);
                } else {
                    found.extend_from_slice(&nearest[need]);
                }
            }
            found.sort_unstable();
            found.dedup();
            nearest[*index] = found;
        }
        nearest
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::{
        graph::{
            StackGraph,
            order::tests::any_graph,
            stack_graph::tests::{graph, texts},
        },
        model::StackId,
    };

    #[test]
    fn order_passes_through_what_is_left_out() {
        let graph = graph(&["a: b", "b: c", "c", "d: b"]).unwrap();
        let some = graph.subgraph(&["a".parse().unwrap(), "c".parse().unwrap()]);
        assert_eq!(texts(&some.order()), ["c", "a"]);
        assert_eq!(texts(&some.needs("a")), ["c"]);
        assert!(!some.contains("b"));
    }

    proptest! {
        #[test]
        fn who_rests_on_whom_is_the_same_in_a_part(nodes in any_graph(), keep in any::<u32>()) {
            let whole = StackGraph::new(nodes).unwrap();
            let kept: Vec<StackId> =
                whole.order().into_iter().enumerate().filter(|(n, _)| keep >> n & 1 == 1).map(|(_, s)| s).collect();
            let part = whole.subgraph(&kept);
            for stack in &kept {
                let from = std::slice::from_ref(stack);
                let expected: Vec<StackId> =
                    whole.dependencies(from).into_iter().filter(|s| kept.contains(s)).collect();
                let mut found = part.dependencies(from);
                let mut expected = expected;
                expected.sort();
                found.sort();
                prop_assert_eq!(found, expected);
            }
        }
    }
}
