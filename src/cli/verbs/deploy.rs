//! Command-line arguments of `envctl deploy`.

use clap::Args;

use super::super::arguments::{ConfirmArgs, PlanningArgs, ReuseArgs};
use crate::commands::deploy;

/// Plan everything, show one review, ask once, apply exactly those plans in order
///
/// Stacks without changes are not touched. A stack whose dependency was applied with changes is planned again first,
/// and goes on only when the new plan is within what was confirmed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl deploy staging
  envctl deploy staging --yes
  envctl deploy production --confirm
  envctl deploy production --confirm=9f2c41d0a7b35e18    # only that very review")]
pub(in crate::cli) struct DeployArgs {
    #[command(flatten)]
    pub(in crate::cli) planning: PlanningArgs,

    #[command(flatten)]
    reuse: ReuseArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

impl From<DeployArgs> for deploy::DeployRequest {
    fn from(args: DeployArgs) -> Self {
        let mut run = args.planning.request();
        run.acks.clone_from(&args.confirm.acks);
        run.reuse = args.reuse.reuse;
        Self { run, confirm: args.confirm.into() }
    }
}
