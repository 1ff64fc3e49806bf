//! Tree for the terminal: each stack without dependents, and under each stack its dependencies.

use std::collections::HashSet;

use super::Annotations;
use crate::{graph::StackGraph, model::StackId};

/// Returns the graph as an indented tree. A stack whose dependencies were printed above is marked `(*)`; a dependency
/// whose outputs the stack above takes is followed by the variables that take them; `(reads x)` names states that a stack
/// reads without waiting for their stacks.
pub fn tree(graph: &StackGraph, annotations: &Annotations) -> String {
    let mut text = String::new();
    let mut printed: HashSet<StackId> = HashSet::new();
    let tops = graph.order().into_iter().filter(|stack| graph.needed_by(stack.as_str()).is_empty());
    for top in tops {
        let mut pending = vec![Branch { stack: top, indent: String::new(), is_last: None, variables: None }];
        while let Some(branch) = pending.pop() {
            let needs = graph.needs(branch.stack.as_str());
            let is_repeated = !needs.is_empty() && !printed.insert(branch.stack.clone());
            text.push_str(&branch.indent);
            text.push_str(match branch.is_last {
                None => "",
                Some(false) => "├── ",
                Some(true) => "└── ",
            });
            text.push_str(branch.stack.as_str());
            if let Some(variables) = &branch.variables {
                text.push_str(" → ");
                text.push_str(variables);
            }
            if is_repeated {
                text.push_str(" (*)\n");
                continue;
            }
            let reads: Vec<&str> = annotations.reads(&branch.stack).iter().map(StackId::as_str).collect();
            if !reads.is_empty() {
                text.push_str(" (reads ");
                text.push_str(&reads.join(", "));
                text.push(')');
            }
            text.push('\n');
            let below = match branch.is_last {
                None => "",
                Some(false) => "│   ",
                Some(true) => "    ",
            };
            let indent = format!("{}{below}", branch.indent);
            let children = needs.into_iter().rev();
            let mut is_last = true;
            for stack in children {
                let variables = annotations.variables_between(&branch.stack, &stack);
                pending.push(Branch { stack, indent: indent.clone(), is_last: Some(is_last), variables });
                is_last = false;
            }
        }
    }
    text
}

/// Line of the tree that is not written yet.
struct Branch {
    stack: StackId,
    indent: String,
    /// True if the stack is the last dependency of its parent; `None` at the top level.
    is_last: Option<bool>,
    /// Variables of the parent that take outputs of this stack; `None` when there are none.
    variables: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{render::annotations::tests::annotations, stack_graph::tests::graph};

    #[test]
    fn needs_are_drawn_under_what_needs_them_once() {
        let graph = graph(&["network", "db: network", "app: db network", "web: app", "alone"]).unwrap();
        let annotations = annotations(&["app.vpc: network.vpc_id", "app.zone: network.zones[0]"]);
        insta::assert_snapshot!(tree(&graph, &annotations), @r"
        web
        └── app
            ├── network → vpc, zone
            └── db
                └── network
        alone
        ");
    }

    #[test]
    fn a_state_that_is_read_without_waiting_stands_behind_the_stack() {
        let graph = graph(&["a", "b: a"]).unwrap();
        insta::assert_snapshot!(tree(&graph, &annotations(&["a reads b", "b reads log"])), @r"
        b (reads log)
        └── a (reads b)
        ");
    }

    #[test]
    fn what_was_shown_above_is_marked() {
        let graph = graph(&["a", "b: a", "c: b", "d: b"]).unwrap();
        insta::assert_snapshot!(tree(&graph, &Annotations::default()), @r"
        c
        └── b
            └── a
        d
        └── b (*)
        ");
    }
}
