//! Deterministic topological order of all stacks, dependencies first.

use std::{cmp::Reverse, collections::BinaryHeap};

use petgraph::graph::NodeIndex;

use super::edges::Edges;

/// Returns the indices of all stacks, dependencies first, ties in order of declaration; `None` when there is a cycle.
pub(super) fn topological_order(edges: &Edges) -> Option<Vec<usize>> {
    let mut unmet_needs: Vec<usize> =
        edges.node_indices().map(|node| edges.neighbors(node).count()).collect();
    let mut ready: BinaryHeap<Reverse<usize>> = unmet_needs
        .iter()
        .enumerate()
        .filter(|(_, needs)| **needs == 0)
        .map(|(index, _)| Reverse(index))
        .collect();
    let mut order = Vec::with_capacity(unmet_needs.len());
    while let Some(Reverse(index)) = ready.pop() {
        order.push(index);
        for dependent in edges.neighbors_directed(NodeIndex::new(index), petgraph::Incoming) {
            let needs = &mut unmet_needs[dependent.index()];
            *needs -= 1;
            if *needs == 0 {
                ready.push(Reverse(dependent.index()));
            }
        }
    }
    (order.len() == unmet_needs.len()).then_some(order)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use crate::{
        graph::{
            StackGraph, StackNode,
            stack_graph::tests::{graph, texts},
        },
        model::StackId,
    };

    #[test]
    fn what_no_edge_orders_stays_in_the_order_of_declaration() {
        let graph = graph(&["z", "app: network", "b", "network", "a"]).unwrap();
        assert_eq!(texts(&graph.order()), ["z", "b", "network", "app", "a"]);
        assert_eq!(texts(&graph.reverse_order()), ["a", "app", "network", "b", "z"]);
    }

    fn name(index: usize) -> StackId {
        format!("s{index}").parse().unwrap()
    }

    /// Generates any graph without a cycle, declared in any order.
    pub(in crate::graph) fn any_graph() -> impl Strategy<Value = Vec<StackNode>> {
        (1usize..24)
            .prop_flat_map(|size| {
                let edges = proptest::collection::vec((0..size, 0..size), 0..size * 2);
                let indices: Vec<usize> = (0..size).collect();
                (edges, Just(indices).prop_shuffle())
            })
            .prop_map(|(edges, indices)| {
                let needs = |index| {
                    let of = edges.iter().filter(move |(a, b)| a != b && *a.max(b) == index);
                    of.map(|(a, b)| name(*a.min(b))).collect()
                };
                indices
                    .iter()
                    .map(|p| StackNode { stack: name(*p), needs: needs(*p), tags: vec![] })
                    .collect()
            })
    }

    proptest! {
        #[test]
        fn needs_come_first_and_every_stack_comes_once(nodes in any_graph()) {
            let graph = StackGraph::new(nodes.clone()).unwrap();
            let order = graph.order();
            prop_assert_eq!(order.len(), nodes.len());
            let index = |stack: &StackId| order.iter().position(|s| s == stack).unwrap();
            for node in &nodes {
                for need in &node.needs {
                    prop_assert!(index(need) < index(&node.stack));
                }
            }
        }

        #[test]
        fn one_edge_back_makes_a_cycle_whose_path_is_real(nodes in any_graph()) {
            let graph = StackGraph::new(nodes.clone()).unwrap();
            let mut with_cycle = nodes.clone();
            let Some(last) = nodes.iter().find(|n| !n.needs.is_empty()) else { return Ok(()) };
            let first = graph.dependencies(std::slice::from_ref(&last.stack))[0].clone();
            with_cycle.iter_mut().find(|n| n.stack == first).unwrap().needs.push(last.stack.clone());
            let Err(crate::graph::GraphError::Cycle(path)) = StackGraph::new(with_cycle.clone()) else {
                return Err(TestCaseError::fail("no cycle found"));
            };
            prop_assert_eq!(path.first(), path.last());
            for pair in path.windows(2) {
                let node = with_cycle.iter().find(|n| n.stack == pair[0]).unwrap();
                prop_assert!(node.needs.contains(&pair[1]));
            }
        }
    }
}
