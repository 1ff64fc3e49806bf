//! Command-line arguments of `envctl destroy`.

use clap::Args;

use super::super::arguments::{ConfirmArgs, PlanningArgs};
use crate::commands::destroy;

/// Plan the destruction of every selected stack, show one review, ask once, apply in reverse order
///
/// In an environment with `confirm = true` a plain `--confirm` is not enough: the name is typed, or the digest of the
/// review is given.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl destroy staging
  envctl destroy staging app --with-dependents
  envctl destroy production --confirm=9f2c41d0a7b35e18")]
pub(in crate::cli) struct DestroyArgs {
    #[command(flatten)]
    pub(in crate::cli) planning: PlanningArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

impl From<DestroyArgs> for destroy::DestroyRequest {
    fn from(args: DestroyArgs) -> Self {
        let mut run = args.planning.request();
        run.acks.clone_from(&args.confirm.acks);
        Self { run, confirm: args.confirm.into() }
    }
}
