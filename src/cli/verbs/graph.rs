//! `envctl graph`

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCandidates;

use super::super::arguments::SelectionArgs;
use crate::commands::graph;

/// Draw the graph of stacks
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl graph staging
  envctl graph staging --format dot | dot -Tsvg > graph.svg
  envctl graph --format mermaid")]
pub(in crate::cli) struct Graph {
    /// The environment, by name or alias; without one the first.
    #[arg(value_name = "ENV", add = ArgValueCandidates::new(crate::cli::complete::environments))]
    environment: Option<String>,

    #[command(flatten)]
    selection: SelectionArgs,

    /// Output format.
    #[arg(long, value_enum, default_value_t = Format::Tree)]
    format: Format,
}

impl Graph {
    pub(in crate::cli) fn json(&self) -> bool {
        self.format == Format::Json
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// An indented tree for people.
    Tree,
    /// Graphviz.
    Dot,
    /// Mermaid, as in Markdown on GitHub and GitLab.
    Mermaid,
    /// Nodes and edges.
    Json,
}

impl From<Graph> for graph::Request {
    fn from(args: Graph) -> Self {
        let format = match args.format {
            Format::Tree => graph::Format::Tree,
            Format::Dot => graph::Format::Dot,
            Format::Mermaid => graph::Format::Mermaid,
            Format::Json => graph::Format::Json,
        };
        Self { environment: args.environment, selection: args.selection.into(), format }
    }
}
