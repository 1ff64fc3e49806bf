//! Command-line arguments of `envctl check`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::commands::check;

/// Check everything that can be known before a plan
///
/// A checklist: ✔ is right, ✘ is wrong, – cannot be known yet. No state is read and no engine plans.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl check
  envctl check production
  envctl check --offline    # starts no program at all, for pre-commit")]
pub(in crate::cli) struct CheckArgs {
    /// The environments, by name or alias; none means all.
    #[arg(value_name = "ENV", add = ArgValueCandidates::new(crate::cli::complete::environments))]
    environments: Vec<String>,

    /// Start no program at all; a file of HCL that cannot be parsed is a warning then.
    #[arg(long)]
    offline: bool,

    /// Print JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

impl From<CheckArgs> for check::CheckRequest {
    fn from(args: CheckArgs) -> Self {
        Self { environments: args.environments, offline: args.offline, json: args.json }
    }
}
