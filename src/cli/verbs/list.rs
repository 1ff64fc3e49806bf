//! Command-line arguments of `envctl list`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::super::arguments::SelectionArgs;
use crate::commands::list;

/// List instances in dependency order
///
/// With the selection flags of `plan` it previews exactly what `plan` would take.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl list
  envctl list staging --tag base
  envctl list staging app --with-dependencies --why
  envctl list --json | jq -r '.instances[].stack'")]
pub(in crate::cli) struct ListArgs {
    /// The environment, by name or alias; none means all.
    #[arg(value_name = "ENV", add = ArgValueCandidates::new(crate::cli::complete::environments))]
    environment: Option<String>,

    #[command(flatten)]
    selection: SelectionArgs,

    /// Say why each stack is in.
    #[arg(long)]
    why: bool,

    /// Print JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

impl From<ListArgs> for list::ListRequest {
    fn from(args: ListArgs) -> Self {
        Self {
            environment: args.environment,
            selection: args.selection.into(),
            why: args.why,
            json: args.json,
        }
    }
}
