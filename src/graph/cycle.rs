//! Dependency cycles, as a path to print.

use std::collections::VecDeque;

use petgraph::{algo::kosaraju_scc, graph::NodeIndex};

use super::edges::Edges;

/// Returns the shortest cycle through the first declared stack that lies on a cycle, with that stack at both ends.
///
/// Empty when there is no cycle.
pub(super) fn shortest_cycle(edges: &Edges) -> Vec<usize> {
    let mut component = vec![0; edges.node_count()];
    let mut start: Option<NodeIndex<usize>> = None;
    for (number, members) in kosaraju_scc(edges).into_iter().enumerate() {
        for member in &members {
            component[member.index()] = number;
        }
        let on_a_cycle = members.len() > 1 || members.iter().any(|m| edges.contains_edge(*m, *m));
        if on_a_cycle {
            start = start.into_iter().chain(members).min();
        }
    }
    start.map_or_else(Vec::new, |start| cycle_through(edges, start, &component))
}

/// Returns the shortest path from a node back to itself inside its strongly connected component; `component` has the number
/// of the component of each node.
fn cycle_through(edges: &Edges, start: NodeIndex<usize>, component: &[usize]) -> Vec<usize> {
    let mut came_from = vec![None; component.len()];
    let mut queue = VecDeque::from([start]);
    while let Some(index) = queue.pop_front() {
        let mut next: Vec<NodeIndex<usize>> = edges.neighbors(index).collect();
        next.sort_unstable();
        for needed in next {
            if needed == start {
                let mut path = vec![start.index()];
                let mut step = Some(index);
                while let Some(here) = step {
                    path.push(here.index());
                    step = came_from[here.index()];
                }
                path.reverse();
                return path;
            }
            if component[needed.index()] == component[start.index()] && came_from[needed.index()].is_none() {
                came_from[needed.index()] = Some(index);
                queue.push_back(needed);
            }
        }
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use crate::graph::stack_graph::tests::graph;

    fn message(lines: &[&str]) -> String {
        graph(lines).unwrap_err().to_string()
    }

    #[test]
    fn a_cycle_is_told_with_its_whole_path() {
        let lines = ["x: a", "a: b", "b: c", "c: a", "free"];
        assert_eq!(message(&lines), "stacks need each other: a → b → c → a");
    }

    #[test]
    fn the_shortest_way_around_is_told() {
        let lines = ["a: b", "b: c d", "c: a", "d: e", "e: a"];
        assert_eq!(message(&lines), "stacks need each other: a → b → c → a");
    }

    #[test]
    fn a_stack_that_needs_itself_is_a_cycle() {
        assert_eq!(message(&["a", "b: b"]), "stacks need each other: b → b");
    }

    #[test]
    fn a_chain_of_ten_thousand_that_bites_its_tail_is_found() {
        let size = 10_000;
        let lines: Vec<String> = (0..size).map(|n| format!("s{n}: s{}", (n + 1) % size)).collect();
        let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
        assert!(message(&lines).ends_with("s9998 → s9999 → s0"));
    }
}
