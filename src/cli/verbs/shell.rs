//! Command-line arguments of `envctl shell`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::commands::shell;

/// Open a shell in a stack's folder with the environment of one instance
///
/// The prompt names the instance; one of an environment with `confirm = true` is red.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl shell staging network")]
pub(in crate::cli) struct ShellArgs {
    /// The environment, by name or alias.
    #[arg(value_name = "ENV", add = ArgValueCandidates::new(crate::cli::complete::environments))]
    environment: String,

    /// The stack.
    #[arg(value_name = "STACK", add = ArgValueCandidates::new(crate::cli::complete::stacks))]
    stack: String,

    /// Make the workspace when it does not exist, without asking.
    #[arg(long)]
    pub(in crate::cli) create_workspace: bool,
}

impl From<ShellArgs> for shell::ShellRequest {
    fn from(args: ShellArgs) -> Self {
        Self { environment: args.environment, stack: args.stack }
    }
}
