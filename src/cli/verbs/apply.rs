//! `envctl apply`

use std::num::NonZeroUsize;

use camino::Utf8PathBuf;
use clap::{Args, ValueHint};
use clap_complete::engine::ArgValueCandidates;

use super::super::arguments::{AllowArgs, ConfirmArgs, at_least_one, report_file};
use crate::{
    commands::{RunRequest, Stop, apply},
    config::Overrides,
    graph::Selection,
};

/// Apply the plans of an earlier run, if everything is still as it was when they were made
///
/// Environment, stacks, values, targets and replacements are those of that run. Every plan is bound to what it was made
/// from: environment, state, workspace, credentials, files, modules, values, lockfile, engine. One difference refuses, by
/// its name, before anything is applied. A plan is applied at most once. RUN may be a `plan`, or a `deploy` or `destroy`
/// that was not confirmed.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of its own on the command line")]
#[command(after_help = "Examples:
  envctl plan production
  envctl apply last --confirm
  envctl apply 01JABC --confirm=9f2c41d0a7b35e18    # only that very review")]
pub(in crate::cli) struct Apply {
    /// The run: its id, an unambiguous start of it, or `last`.
    #[arg(value_name = "RUN", add = ArgValueCandidates::new(crate::cli::complete::runs))]
    run: String,

    /// Stacks at once; by default the environment's `jobs`, else the number of cores.
    #[arg(short, long, value_name = "N", value_parser = at_least_one, help_heading = "Run")]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    allow: AllowArgs,

    /// After a failure start nothing new; by default stacks that do not depend on it go on.
    #[arg(long, conflicts_with = "keep_going", help_heading = "Run")]
    fail_fast: bool,

    /// After a failure let stacks go on that do not depend on it (the default).
    #[arg(long, help_heading = "Run")]
    keep_going: bool,

    /// Say how long the plans and the applies will probably take, from what they took in earlier runs.
    #[arg(long, help_heading = "Run")]
    eta: bool,

    /// Print the report as JSON; standard output holds nothing else.
    #[arg(long, help_heading = "Run")]
    pub(in crate::cli) json: bool,

    /// Write the report to a file as JSON.
    #[arg(long, value_name = "FILE.json", value_hint = ValueHint::FilePath, value_parser = report_file, help_heading = "Run")]
    report: Option<Utf8PathBuf>,

    /// Append a Markdown summary to a file, as `$GITHUB_STEP_SUMMARY`.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Run")]
    summary: Option<Utf8PathBuf>,

    #[command(flatten)]
    confirm: ConfirmArgs,
}

impl Apply {
    /// Lays what these flags say over environments.toml.
    pub(in crate::cli) fn lay_over(&self, overrides: &mut Overrides) {
        overrides.jobs = self.jobs;
    }
}

impl From<Apply> for apply::Request {
    fn from(args: Apply) -> Self {
        let how = RunRequest {
            environment: None,
            selection: Selection::default(),
            targets: Vec::new(),
            replace: Vec::new(),
            allow: args.allow.allow,
            acks: args.confirm.acks.clone(),
            stop: if args.fail_fast { Stop::AtFirstFailure } else { Stop::AtDependents },
            eta: args.eta,
            json: args.json,
            report: args.report,
            summary: args.summary,
            reuse: None,
            stored: None,
            resumes: None,
        };
        Self { run: args.run, how, confirm: args.confirm.into() }
    }
}
