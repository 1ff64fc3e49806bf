//! How much work still waits behind each stack: what a scheduler starts first.

use std::ops::Add;

use indexmap::IndexMap;

use super::StackGraph;
use crate::model::StackId;

impl StackGraph {
    /// For each stack the heaviest path from it to a stack that nothing needs, its own weight included.
    ///
    /// The weight is what a caller makes it: a duration of an earlier run, or 1 for the number of steps.
    pub fn remaining_paths<W>(&self, weight: impl Fn(&StackId) -> W) -> IndexMap<StackId, W>
    where
        W: Copy + Ord + Default + Add<Output = W>,
    {
        let mut remaining = vec![W::default(); self.names.len()];
        for place in self.order.iter().rev() {
            let behind =
                self.places(*place, petgraph::Incoming).into_iter().map(|next| remaining[next]).max();
            remaining[*place] = weight(&self.names[*place]) + behind.unwrap_or_default();
        }
        self.names.iter().cloned().zip(remaining).collect()
    }

    /// The weight of the heaviest path through the whole graph: no run can be shorter.
    pub fn critical_path<W>(&self, weight: impl Fn(&StackId) -> W) -> W
    where
        W: Copy + Ord + Default + Add<Output = W>,
    {
        self.remaining_paths(weight).into_values().max().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::graph::stack_graph::tests::graph;

    #[test]
    fn the_heaviest_path_counts_not_the_longest() {
        let graph = graph(&["network", "db: network", "app: db", "heavy: network"]).unwrap();
        let weight = |stack: &crate::model::StackId| {
            Duration::from_secs(if stack.as_str() == "heavy" { 10 } else { 1 })
        };
        let remaining = graph.remaining_paths(weight);
        assert_eq!(remaining["network"], Duration::from_secs(11));
        assert_eq!(remaining["db"], Duration::from_secs(2));
        assert_eq!(graph.critical_path(weight), Duration::from_secs(11));
    }
}
