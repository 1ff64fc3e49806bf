//! Command-line arguments of `envctl exec`.

use std::ffi::OsString;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::{cli::arguments::AllowArgs, run::ExecRequest};

/// Run any command of the engine with the right folder, workspace, backend and variables
///
/// Commands that may change something pass the gate and write to files that are shown as they grow, so that they
/// finish even when envctl is killed. Commands that only read have the terminal to themselves.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[command(after_help = "Examples:
  envctl exec staging network -- state list
  envctl exec staging --all -- validate
  envctl exec production app --confirm -- untaint aws_instance.a")]
pub(in crate::cli) struct ExecArgs {
    /// The environment, by name or alias.
    #[arg(value_name = "ENV", add = ArgValueCandidates::new(crate::cli::complete::environments))]
    environment: String,

    /// The stack; left out with `--all`.
    #[arg(value_name = "STACK", required_unless_present = "all", conflicts_with = "all", add = ArgValueCandidates::new(crate::cli::complete::stacks))]
    stack: Option<String>,

    /// Every stack, one after the other, in dependency order.
    #[arg(long)]
    all: bool,

    /// Make the workspace when it does not exist, without asking.
    #[arg(long)]
    pub(in crate::cli) create_workspace: bool,

    /// Run a command that may change something without a question.
    #[arg(long)]
    confirm: bool,

    /// Run such a command without a question in an environment that needs no confirmation; never enough in one that does.
    #[arg(short, long)]
    yes: bool,

    #[command(flatten)]
    allow: AllowArgs,

    /// Say yes to an item of the environment's checklist, by its id. May be repeated.
    #[arg(long = "ack", value_name = "ID")]
    acks: Vec<String>,

    /// The engine's command and its arguments.
    #[arg(last = true, required = true, value_name = "ARGS")]
    args: Vec<OsString>,
}

impl From<ExecArgs> for ExecRequest {
    fn from(args: ExecArgs) -> Self {
        Self {
            environment: args.environment,
            stack: args.stack,
            confirm: args.confirm,
            yes: args.yes,
            allow: args.allow.allow,
            acks: args.acks,
            args: args.args,
        }
    }
}
