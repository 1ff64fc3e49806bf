//! Graphviz drawing: an arrow from a stack to its dependency.

use std::fmt::Write;

use super::Annotations;
use crate::graph::StackGraph;

/// Returns the graph in the DOT language; edges are labelled with the variables that take outputs, and a dashed
/// arrow leads to a stack whose state is read without waiting for it.
pub fn dot(graph: &StackGraph, annotations: &Annotations) -> String {
    let mut text = String::from("digraph stacks {\n  rankdir = \"RL\";\n  node [shape = \"box\"];\n");
    for stack in graph.order() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  {};", quoted_id(stack.as_str()));
        for need in graph.needs(stack.as_str()) {
            let label = annotations.variables_between(&stack, &need);
            let label = label.map_or_else(String::new, |label| format!(" [label = {}]", quoted_id(&label)));
            let _ = writeln!(text, "  {} -> {}{label};", quoted_id(stack.as_str()), quoted_id(need.as_str()));
        }
        for read in annotations.reads(&stack).iter().filter(|read| graph.contains(read.as_str())) {
            let (from, to) = (quoted_id(stack.as_str()), quoted_id(read.as_str()));
            let _ = writeln!(text, "  {from} -> {to} [label = \"reads\", style = \"dashed\"];");
        }
    }
    text.push_str("}\n");
    text
}

/// Quotes a DOT id. A backslash is doubled, because in a label it would start an escape sequence.
///
/// Source: <https://graphviz.org/doc/info/lang.html>
fn quoted_id(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{
        StackGraph, StackNode, render::annotations::tests::annotations, stack_graph::tests::graph,
    };

    #[test]
    fn arrows_go_from_a_stack_to_what_it_needs() {
        let graph = graph(&["app: network db", "network", "db"]).unwrap();
        let annotations = annotations(&[
            "app.vpc: network.vpc_id",
            "app.zone: network.zones[0]",
            "db reads app",
            "db reads elsewhere",
        ]);
        insta::assert_snapshot!(dot(&graph, &annotations), @r#"
        digraph stacks {
          rankdir = "RL";
          node [shape = "box"];
          "network";
          "db";
          "db" -> "app" [label = "reads", style = "dashed"];
          "app";
          "app" -> "network" [label = "vpc, zone"];
          "app" -> "db";
        }
        "#);
    }

    #[test]
    fn a_quote_in_a_name_stays_in_the_name() {
        let node = StackNode { stack: "a \"b\"".parse().unwrap(), needs: vec![], tags: vec![] };
        assert!(
            dot(&StackGraph::new(vec![node]).unwrap(), &Annotations::default()).contains(r#""a \"b\"";"#)
        );
    }
}
