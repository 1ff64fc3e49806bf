//! Command-line arguments of `envctl apply`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::{
    cli::arguments::{CommonRunArgs, ConfirmArgs},
    commands::apply,
    run::RunRequest,
};

/// Apply the plans of an earlier run, if everything is still as it was when they were made
///
/// Environment, stacks, values, targets and replacements are those of that run. Every plan is bound to what it was made
/// from: environment, state, workspace, credentials, files, modules, values, lockfile, engine. One difference refuses, by
/// its name, before anything is applied. A plan is applied at most once. RUN may be a `plan`, or a `deploy` or `destroy`
/// that was not confirmed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl plan production
  envctl apply last --confirm
  envctl apply 01JABC --confirm=9f2c41d0a7b35e18    # only that very review")]
pub(in crate::cli) struct ApplyArgs {
    /// The run: its id, an unambiguous start of it, or `last`.
    #[arg(value_name = "RUN", add = ArgValueCandidates::new(crate::cli::complete::runs))]
    run: String,

    #[command(flatten)]
    pub(in crate::cli) common: CommonRunArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

impl From<ApplyArgs> for apply::ApplyRequest {
    fn from(args: ApplyArgs) -> Self {
        let options = RunRequest { acks: args.confirm.acks.clone(), ..args.common.request() };
        Self { run: args.run, options, confirm: args.confirm.into() }
    }
}
