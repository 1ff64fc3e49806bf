//! Command-line arguments of `envctl init`.

use clap::Args;

use crate::commands::init;

/// Write a first environments.toml from what is in the repository
///
/// Looks for workspaces, var files, a directory per environment and Terragrunt units, and says what it made of each.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl init --print
  envctl init")]
pub(in crate::cli) struct InitArgs {
    /// Print it instead of writing it.
    #[arg(long)]
    pub(in crate::cli) print: bool,

    /// Replace an environments.toml that is there.
    #[arg(long, conflicts_with = "print")]
    force: bool,
}

impl From<InitArgs> for init::InitRequest {
    fn from(args: InitArgs) -> Self {
        Self { print: args.print, force: args.force }
    }
}
