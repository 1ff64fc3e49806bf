//! `envctl graph`: prints the dependency graph of stacks.

use std::sync::Arc;

use clap::ValueEnum;

use crate::{
    config::{EnvironmentScope, OutputPath, Value},
    graph::{Selection, render},
    inventory::Instance,
    model::ExitStatus,
    process::Runner,
    run::{Context, project::ShownFindings},
};

/// Output format of the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// An indented tree for people.
    Tree,
    /// Drawing for Graphviz.
    Dot,
    /// Mermaid, as in Markdown on GitHub and GitLab.
    Mermaid,
    /// JSON document with the stacks and their dependencies.
    Json,
}

/// Arguments of `envctl graph`.
#[derive(Debug, Clone)]
pub struct GraphRequest {
    /// Name of the environment; `None` for the first environment.
    pub environment: Option<String>,
    /// Selection of stacks.
    pub selection: Selection,
    /// Output format.
    pub format: GraphFormat,
}

/// Runs `envctl graph`.
pub fn run(context: &Context, request: &GraphRequest) -> anyhow::Result<ExitStatus> {
    let mut changes = context.query_changes(&request.selection, &Arc::new(Runner::new()))?;
    let config = context.config()?;
    let first = config.environments().values().next();
    let environment = match (&request.environment, first) {
        (None, Some(first)) => {
            if config.environments().len() > 1 {
                context
                    .printer
                    .note(format_args!("this is the graph of `{}`, the first environment", first.name));
            }
            first
        }
        (word, _) => context.environment(&config, word.as_deref())?,
    };
    let as_document = request.format == GraphFormat::Json;
    let (inventory, status) =
        context.inventory_for_display(&config, environment, as_document, &mut ShownFindings::default())?;
    let chosen =
        context.select(EnvironmentScope { config: &config, environment }, &inventory, &mut changes)?;
    if let Some(since) = chosen.changed_since.filter(|_| chosen.stacks.is_empty()) {
        context.printer.say(since.no_changes_message());
    }
    let stacks: Vec<_> = chosen.stacks.into_iter().map(|s| s.stack).collect();
    let graph = inventory.graph().subgraph(&stacks);
    let annotations =
        inventory.instances().map(|instance| (instance.id.stack.clone(), annotations(instance))).collect();
    let text = match request.format {
        GraphFormat::Tree => render::tree(&graph, &annotations),
        GraphFormat::Dot => render::dot(&graph, &annotations),
        GraphFormat::Mermaid => render::mermaid(&graph, &annotations),
        GraphFormat::Json => {
            let document = render::GraphDocument::new(environment.name.as_str(), &graph, &annotations);
            format!("{}\n", serde_json::to_string_pretty(&document)?)
        }
    };
    context.printer.data(text)?;
    Ok(status)
}

/// Returns the variables of an instance that take outputs, with these outputs, and the states that it reads.
fn annotations(instance: &Instance) -> render::StackAnnotations {
    let inputs = instance.settings.inputs.iter();
    let reference = |(variable, input): (&String, &Value<OutputPath>)| render::OutputReference {
        variable: variable.clone(),
        upstream: input.value.stack.clone(),
        output: input.value.to_string(),
    };
    render::StackAnnotations {
        output_references: inputs.map(reference).collect(),
        reads: instance.settings.reads.iter().map(|read| read.stack.clone()).collect(),
    }
}
