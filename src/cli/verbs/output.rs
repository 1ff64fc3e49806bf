//! Command-line arguments of `envctl output`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::commands::output;

/// Show the outputs of stacks
///
/// Sensitive outputs are masked unless `--show-sensitive` is given.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl output staging
  envctl output staging network vpc_id    # the bare value
  envctl output production app --json --show-sensitive")]
pub(in crate::cli) struct OutputArgs {
    /// The environment, by name or alias.
    #[arg(value_name = "ENV", add = ArgValueCandidates::new(crate::cli::complete::environments))]
    environment: Option<String>,

    /// Only this stack.
    #[arg(value_name = "STACK", add = ArgValueCandidates::new(crate::cli::complete::stacks))]
    stack: Option<String>,

    /// Only this output, its bare value: text without quotes, all else as JSON.
    #[arg(value_name = "NAME")]
    name: Option<String>,

    /// Show sensitive values.
    #[arg(long)]
    show_sensitive: bool,

    /// Print JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

impl From<OutputArgs> for output::OutputRequest {
    fn from(args: OutputArgs) -> Self {
        Self {
            environment: args.environment,
            stack: args.stack,
            name: args.name,
            show_sensitive: args.show_sensitive,
            json: args.json,
        }
    }
}
