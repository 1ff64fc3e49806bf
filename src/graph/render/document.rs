//! JSON document of `graph --format json`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Annotations;
use crate::graph::StackGraph;

/// Output of `graph --format json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GraphDocument {
    /// Version of this format.
    pub format: u32,
    /// Environment whose stacks are listed.
    pub environment: String,
    /// Stacks, dependencies first.
    pub stacks: Vec<GraphStack>,
}

/// Stack of the graph, with its dependencies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GraphStack {
    /// Name of the stack.
    pub stack: String,
    /// Direct dependencies of the stack.
    pub needs: Vec<String>,
    /// Outputs of other stacks that its variables take, by variable: `network.vpc_id`.
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub inputs: IndexMap<String, String>,
    /// Stacks whose state the stack reads without waiting for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<String>,
    /// Tags that select the stack.
    pub tags: Vec<String>,
}

impl GraphDocument {
    /// Makes the document of the graph of one environment.
    pub fn new(environment: &str, graph: &StackGraph, annotations: &Annotations) -> Self {
        let stacks = graph.order().into_iter().map(|stack| GraphStack {
            needs: graph.needs(stack.as_str()).into_iter().map(String::from).collect(),
            inputs: annotations
                .output_references(&stack)
                .iter()
                .map(|reference| (reference.variable.clone(), reference.output.clone()))
                .collect(),
            reads: annotations.reads(&stack).iter().cloned().map(String::from).collect(),
            tags: graph.tags(stack.as_str()).to_vec(),
            stack: stack.into(),
        });
        Self { format: 1, environment: environment.to_owned(), stacks: stacks.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{render::annotations::tests::annotations, stack_graph::tests::graph};

    #[test]
    fn the_document_lists_needs_first() {
        let graph = graph(&["app: network", "network: #base"]).unwrap();
        let annotations = annotations(&["app.vpc: network.vpc_id", "network reads app"]);
        let document = serde_json::to_value(GraphDocument::new("dev", &graph, &annotations)).unwrap();
        assert_eq!(
            document,
            serde_json::json!({ "format": 1, "environment": "dev", "stacks": [
                { "stack": "network", "needs": [], "reads": ["app"], "tags": ["base"] },
                { "stack": "app", "needs": ["network"], "inputs": { "vpc": "network.vpc_id" }, "tags": [] },
            ] })
        );
    }
}
