//! A tree for the terminal: each stack that nothing needs, and under each what it needs.

use std::collections::HashSet;

use crate::{graph::StackGraph, model::StackId};

/// The graph as an indented tree; a stack whose needs were shown above is marked `(*)`.
pub fn tree(graph: &StackGraph) -> String {
    let mut text = String::new();
    let mut shown: HashSet<StackId> = HashSet::new();
    let tops = graph.order().into_iter().filter(|stack| graph.needed_by(stack.as_str()).is_empty());
    for top in tops {
        let mut open = vec![Branch { stack: top, indent: String::new(), last: None }];
        while let Some(branch) = open.pop() {
            let needs = graph.needs(branch.stack.as_str());
            let again = !needs.is_empty() && !shown.insert(branch.stack.clone());
            text.push_str(&branch.indent);
            text.push_str(match branch.last {
                None => "",
                Some(false) => "├── ",
                Some(true) => "└── ",
            });
            text.push_str(branch.stack.as_str());
            text.push_str(if again { " (*)\n" } else { "\n" });
            if again {
                continue;
            }
            let below = match branch.last {
                None => "",
                Some(false) => "│   ",
                Some(true) => "    ",
            };
            let indent = format!("{}{below}", branch.indent);
            let children = needs.into_iter().rev();
            let mut last = true;
            for stack in children {
                open.push(Branch { stack, indent: indent.clone(), last: Some(last) });
                last = false;
            }
        }
    }
    text
}

/// A line that is still to be written.
struct Branch {
    stack: StackId,
    indent: String,
    /// Whether it is the last below its parent; absent at the top.
    last: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::stack_graph::tests::graph;

    #[test]
    fn needs_are_drawn_under_what_needs_them_once() {
        let graph = graph(&["network", "db: network", "app: db network", "web: app", "alone"]).unwrap();
        insta::assert_snapshot!(tree(&graph), @r"
        web
        └── app
            ├── network
            └── db
                └── network
        alone
        ");
    }

    #[test]
    fn what_was_shown_above_is_marked() {
        let graph = graph(&["a", "b: a", "c: b", "d: b"]).unwrap();
        insta::assert_snapshot!(tree(&graph), @r"
        c
        └── b
            └── a
        d
        └── b (*)
        ");
    }
}
