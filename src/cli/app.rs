//! Command line of envctl as a clap parser.

use camino::Utf8PathBuf;
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};

use super::{arguments::parse_pair, verbs};
use crate::{config::Overrides, model::CreateWorkspace, run::ReportFiles};

/// Takes OpenTofu, Terraform and Terragrunt stacks from dev to production
///
/// Everything that differs between environments is declared once, in environments.toml. envctl drives the real engine with
/// the right workspace, backend and variables, shows one review, asks once, and applies exactly the plans that were
/// reviewed.
#[derive(Debug, Parser)]
#[command(
    name = "envctl",
    version,
    propagate_version = false,
    arg_required_else_help = true,
    after_help = "Exit codes:
  0 done   1 a stack failed   2 differences   3 refused   4 configuration   5 locked
  64 usage   70 a defect of envctl   129, 130, 143 interrupted

Variables:
  ENVCTL_CONFIG     as --config
  ENVCTL_READ_ONLY  1: refuse every verb that would change a state, a remote object or a file of the project

Learn more: `envctl VERB --help`, `envctl generate man`."
)]
pub(super) struct App {
    #[command(subcommand)]
    pub(super) verb: Verb,

    #[command(flatten)]
    pub(super) global: Global,
}

/// Arguments of every verb.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common")]
pub(super) struct Global {
    /// The configuration; by default environments.toml here or in a folder above.
    #[arg(long, global = true, env = "ENVCTL_CONFIG", value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(super) config: Option<Utf8PathBuf>,

    /// Override a value of environments.toml by a key of `[defaults]`: `parallelism=4`, `vars.size=3`. May be repeated.
    #[arg(long = "set", global = true, value_name = "PATH=VALUE", value_parser = parse_pair)]
    pub(super) sets: Vec<(String, String)>,

    /// Say nothing but errors on standard error.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,

    /// Say more on standard error.
    #[arg(short, long, global = true, action = ArgAction::SetTrue)]
    pub(super) verbose: bool,

    /// Use of colour; `auto` depends on `NO_COLOR`, `CLICOLOR_FORCE`, `TERM` and on whether there is a terminal.
    #[arg(long, global = true, value_enum, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub(super) color: ColorChoice,

    /// No live lines and no bar: one line per finished stack.
    #[arg(long, global = true)]
    pub(super) no_progress: bool,
}

/// Value of `--color`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorChoice {
    /// Colour where the output is a terminal.
    Auto,
    /// Colour everywhere.
    Always,
    /// No colour.
    Never,
}

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    Plan(verbs::PlanArgs),
    Deploy(verbs::DeployArgs),
    Apply(verbs::ApplyArgs),
    Destroy(verbs::DestroyArgs),
    Check(verbs::CheckArgs),
    Status(verbs::StatusArgs),
    List(verbs::ListArgs),
    Graph(verbs::GraphArgs),
    Output(verbs::OutputArgs),
    Exec(verbs::ExecArgs),
    Shell(verbs::ShellArgs),
    Config(verbs::ConfigArgs),
    Runs(verbs::RunsArgs),
    Generate(verbs::GenerateArgs),
    Init(verbs::InitArgs),
    Doctor(verbs::DoctorArgs),
}

impl Verb {
    /// Returns true if standard output holds exactly one JSON document, also after an error.
    pub(super) fn json(&self) -> bool {
        match self {
            Self::Plan(args) => args.planning.run.json(),
            Self::Deploy(args) => args.planning.run.json(),
            Self::Apply(args) => args.common.json(),
            Self::Destroy(args) => args.planning.run.json(),
            Self::Check(args) => args.json,
            Self::Status(args) => args.json,
            Self::List(args) => args.json,
            Self::Graph(args) => args.json(),
            Self::Output(args) => args.json,
            Self::Config(args) => args.json,
            Self::Runs(args) => args.json(),
            Self::Doctor(args) => args.json,
            Self::Exec(_) | Self::Shell(_) | Self::Generate(_) | Self::Init(_) => false,
        }
    }

    /// Returns the verb's name and the paths of its report and summary; `None` for a verb without a report.
    pub(super) fn report_files(&self) -> Option<(&'static str, ReportFiles)> {
        match self {
            Self::Plan(args) => Some(("plan", args.planning.run.report_files())),
            Self::Deploy(args) => Some(("deploy", args.planning.run.report_files())),
            Self::Apply(args) => Some(("apply", args.common.report_files())),
            Self::Destroy(args) => Some(("destroy", args.planning.run.report_files())),
            Self::Runs(args) => Some(("runs resume", args.report_files()?)),
            _ => None,
        }
    }

    /// Returns the verb's name and the kind of things that it changes; `None` for a verb that only reads, or that finds out
    /// later whether it changes something.
    pub(super) fn changes(&self, overrides: &Overrides) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Deploy(_) => Some(("deploy", "states")),
            Self::Apply(_) => Some(("apply", "states")),
            Self::Destroy(_) => Some(("destroy", "states")),
            Self::Shell(_) => Some(("shell", "whatever is typed into it")),
            Self::Runs(args) if args.resumes() => Some(("runs resume", "states")),
            Self::Init(args) if !args.print => Some(("init", "environments.toml")),
            Self::Generate(args) if args.writes() => Some(("generate", "files")),
            Self::Plan(_) | Self::Exec(_) if overrides.create_workspace == Some(CreateWorkspace::Always) => {
                Some(("--create-workspace", "the workspaces of a backend"))
            }
            Self::Plan(_) if overrides.update_lockfile => Some(("--update-lockfile", "lock files")),
            _ => None,
        }
    }

    /// Applies the verb's flags to the overrides of environments.toml.
    pub(super) fn override_settings(&self, overrides: &mut Overrides) {
        match self {
            Self::Plan(args) => args.planning.run.override_settings(overrides),
            Self::Deploy(args) => args.planning.run.override_settings(overrides),
            Self::Apply(args) => args.common.override_settings(overrides),
            Self::Runs(args) => args.override_settings(overrides),
            Self::Destroy(args) => args.planning.run.override_settings(overrides),
            Self::Exec(args) if args.create_workspace => {
                overrides.create_workspace = Some(CreateWorkspace::Always);
            }
            Self::Shell(args) if args.create_workspace => {
                overrides.create_workspace = Some(CreateWorkspace::Always);
            }
            _ => {}
        }
    }
}
