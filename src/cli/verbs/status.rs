//! Command-line arguments of `envctl status`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::commands::status;

/// Show what was last planned and deployed, one line a stack
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl status
  envctl status production --json")]
pub(in crate::cli) struct StatusArgs {
    /// The environments, by name or alias; none means all.
    #[arg(value_name = "ENV", add = ArgValueCandidates::new(crate::cli::complete::environments))]
    environments: Vec<String>,

    /// Print JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

impl From<StatusArgs> for status::StatusRequest {
    fn from(args: StatusArgs) -> Self {
        Self { environments: args.environments, json: args.json }
    }
}
