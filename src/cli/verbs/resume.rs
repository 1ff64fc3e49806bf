//! Command-line arguments of `envctl runs resume`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::{
    cli::arguments::{CommonRunArgs, ConfirmArgs},
    commands::resume,
    run::RunRequest,
};

/// Go on with a deploy or destroy that failed, was interrupted, or was killed
///
/// What it finished is done. What it began and nobody saw the end of is planned again; what it did not begin goes on with
/// the plans that were confirmed, once everything that they are bound to was compared again. All of that is one review with
/// a gate of its own. A run is resumed at most once: resume the run that resumed it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl runs resume              # the newest unfinished run
  envctl runs resume 01JABC --confirm
  envctl runs list")]
pub(in crate::cli) struct ResumeArgs {
    /// The run: its id, an unambiguous start of it, or `last`; by default the newest unfinished one.
    #[arg(value_name = "RUN", add = ArgValueCandidates::new(crate::cli::complete::runs))]
    run: Option<String>,

    #[command(flatten)]
    pub(in crate::cli) common: CommonRunArgs,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

impl From<ResumeArgs> for resume::ResumeRequest {
    fn from(args: ResumeArgs) -> Self {
        let options = RunRequest { acks: args.confirm.acks.clone(), ..args.common.request() };
        Self { run: args.run, options, confirm: args.confirm.into() }
    }
}
