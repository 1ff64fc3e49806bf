//! Command-line arguments of `envctl config`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::commands::config;

/// Show the resolved configuration
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl config
  envctl config production --origins
  envctl config production app --json")]
pub(in crate::cli) struct ConfigArgs {
    /// The environment, by name or alias; none means all.
    #[arg(value_name = "ENV", add = ArgValueCandidates::new(crate::cli::complete::environments))]
    environment: Option<String>,

    /// Only this stack.
    #[arg(value_name = "STACK", add = ArgValueCandidates::new(crate::cli::complete::stacks))]
    stack: Option<String>,

    /// Say of each value where it came from.
    #[arg(long)]
    origins: bool,

    /// Print JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

impl From<ConfigArgs> for config::ConfigRequest {
    fn from(args: ConfigArgs) -> Self {
        Self { environment: args.environment, stack: args.stack, origins: args.origins, json: args.json }
    }
}
