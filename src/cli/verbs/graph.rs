//! Command-line arguments of `envctl graph`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::super::arguments::SelectionArgs;
use crate::commands::graph::{self, GraphFormat};

/// Draw the graph of stacks
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl graph staging
  envctl graph staging --format dot | dot -Tsvg > graph.svg
  envctl graph --format mermaid")]
pub(in crate::cli) struct GraphArgs {
    /// The environment, by name or alias; without one the first.
    #[arg(value_name = "ENV", add = ArgValueCandidates::new(crate::cli::complete::environments))]
    environment: Option<String>,

    #[command(flatten)]
    selection: SelectionArgs,

    /// Output format.
    #[arg(long, value_enum, default_value_t = GraphFormat::Tree)]
    format: GraphFormat,
}

impl GraphArgs {
    pub(in crate::cli) fn json(&self) -> bool {
        self.format == GraphFormat::Json
    }
}

impl From<GraphArgs> for graph::GraphRequest {
    fn from(args: GraphArgs) -> Self {
        Self { environment: args.environment, selection: args.selection.into(), format: args.format }
    }
}
