//! Tree for the terminal: each stack without dependents, and under each stack its dependencies.

use std::collections::HashSet;

use super::OutputReferences;
use crate::{graph::StackGraph, model::StackId};

/// Returns the graph as an indented tree. A stack whose dependencies were printed above is marked `(*)`; a dependency
/// whose outputs the stack above takes is followed by the variables that take them.
pub fn tree(graph: &StackGraph, output_references: &OutputReferences) -> String {
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
            text.push_str(if is_repeated { " (*)\n" } else { "\n" });
            if is_repeated {
                continue;
            }
            let below = match branch.is_last {
                None => "",
                Some(false) => "│   ",
                Some(true) => "    ",
            };
            let indent = format!("{}{below}", branch.indent);
            let children = needs.into_iter().rev();
            let mut is_last = true;
            for stack in children {
                let variables = output_references.variables_between(&branch.stack, &stack);
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
    use crate::graph::{render::output_references::tests::output_references, stack_graph::tests::graph};

    #[test]
    fn needs_are_drawn_under_what_needs_them_once() {
        let graph = graph(&["network", "db: network", "app: db network", "web: app", "alone"]).unwrap();
        let output_references = output_references(&["app.vpc: network.vpc_id", "app.zone: network.zones[0]"]);
        insta::assert_snapshot!(tree(&graph, &output_references), @r"
        web
        └── app
            ├── network → vpc, zone
            └── db
                └── network
        alone
        ");
    }

    #[test]
    fn what_was_shown_above_is_marked() {
        let graph = graph(&["a", "b: a", "c: b", "d: b"]).unwrap();
        insta::assert_snapshot!(tree(&graph, &OutputReferences::default()), @r"
        c
        └── b
            └── a
        d
        └── b (*)
        ");
    }
}
