//! Command-line arguments of `envctl plan`.

use clap::Args;

use super::super::arguments::{PlanningArgs, ReuseArgs};
use crate::commands::plan;

/// Plan every selected stack, in parallel along the graph, and show one review
///
/// Each stack is initialised where that is needed, planned in its own workspace, backend and data directory, and its
/// plan is kept with the run. Nothing is changed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl plan staging
  envctl plan staging network 'app-*' --with-dependencies
  envctl plan production --json | jq .totals
  envctl plan staging --detailed-exitcode    # 2 when there are changes")]
pub(in crate::cli) struct PlanArgs {
    #[command(flatten)]
    pub(in crate::cli) planning: PlanningArgs,

    #[command(flatten)]
    reuse: ReuseArgs,

    /// Exit with 2 when there are changes.
    #[arg(long)]
    detailed_exitcode: bool,
}

impl From<PlanArgs> for plan::PlanRunRequest {
    fn from(args: PlanArgs) -> Self {
        let mut run = args.planning.request();
        run.reuse = args.reuse.reuse;
        Self { run, detailed_exitcode: args.detailed_exitcode }
    }
}
