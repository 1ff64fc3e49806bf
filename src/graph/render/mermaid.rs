//! Mermaid drawing, which GitHub and GitLab render in Markdown: an arrow from a stack to its dependency.

use std::{collections::HashMap, fmt::Write};

use super::Annotations;
use crate::graph::StackGraph;

/// Returns the graph as a Mermaid flowchart; edges are labelled with the variables that take outputs, and
/// a dashed arrow leads to a stack whose state is read without waiting for it.
pub fn mermaid(graph: &StackGraph, annotations: &Annotations) -> String {
    let order = graph.order();
    let number: HashMap<&str, usize> =
        order.iter().enumerate().map(|(n, stack)| (stack.as_str(), n)).collect();
    let mut text = String::from("flowchart RL\n");
    for (n, stack) in order.iter().enumerate() {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "  s{n}[\"{}\"]", escaped_label(stack.as_str()));
        for need in graph.needs(stack.as_str()) {
            let label = annotations.variables_between(stack, &need);
            let label = label.map_or_else(String::new, |label| format!("|\"{}\"|", escaped_label(&label)));
            let _ = writeln!(text, "  s{n} -->{label} s{}", number[need.as_str()]);
        }
        for to in annotations.reads(stack).iter().filter_map(|read| number.get(read.as_str())) {
            let _ = writeln!(text, "  s{n} -.->|\"reads\"| s{to}");
        }
    }
    text
}

/// Escapes a label for quotes: replaces characters that would end it or be read as HTML or Markdown by Mermaid's
/// entity codes.
///
/// Source: <https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters>
fn escaped_label(name: &str) -> String {
    let mut text = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '"' => text.push_str("#quot;"),
            '#' | '<' | '>' | '&' | '`' | '\\' => {
                let _ = write!(text, "#{};", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{
        StackGraph, StackNode, render::annotations::tests::annotations, stack_graph::tests::graph,
    };

    #[test]
    fn names_are_labels_and_numbers_are_ids() {
        let graph = graph(&["app: network", "network", "end: app"]).unwrap();
        insta::assert_snapshot!(mermaid(&graph, &annotations(&["app.vpc: network.vpc_id", "network reads end"])), @r#"
        flowchart RL
          s0["network"]
          s0 -.->|"reads"| s2
          s1["app"]
          s1 -->|"vpc"| s0
          s2["end"]
          s2 --> s1
        "#);
    }

    #[test]
    fn what_would_end_a_label_is_an_entity() {
        let node = StackNode { stack: "a\"<b>#1".parse().unwrap(), needs: vec![], tags: vec![] };
        assert!(
            mermaid(&StackGraph::new(vec![node]).unwrap(), &Annotations::default())
                .contains("s0[\"a#quot;#60;b#62;#35;1\"]")
        );
    }
}
