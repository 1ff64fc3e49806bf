//! Command-line arguments of `envctl init`.

use clap::Args;

use crate::commands::init;

/// Write a first environments.toml from what is in the repository
///
/// Looks for workspaces, var files, a directory per environment and Terragrunt units, and says what it made of each.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl init --print
  envctl init
  envctl init --env staging=live/blue --env production=live/green")]
pub(in crate::cli) struct InitArgs {
    /// Print it instead of writing it.
    #[arg(long)]
    pub(in crate::cli) print: bool,

    /// Replace an environments.toml that is there.
    #[arg(long, conflicts_with = "print")]
    force: bool,

    /// Take a folder for an environment, whatever it is called
    ///
    /// The stacks below the folder are those of the environment. May be given for several environments.
    #[arg(long = "env", value_name = "NAME=FOLDER")]
    environments: Vec<String>,
}

impl From<InitArgs> for init::InitRequest {
    fn from(args: InitArgs) -> Self {
        Self { print: args.print, force: args.force, environments: args.environments }
    }
}
