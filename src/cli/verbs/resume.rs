//! `envctl runs resume`

use std::num::NonZeroUsize;

use camino::Utf8PathBuf;
use clap::{Args, ValueHint};
use clap_complete::engine::ArgValueCandidates;

use super::super::arguments::{AllowArgs, ConfirmArgs, at_least_one, report_file};
use crate::{
    commands::{RunRequest, Stop, resume},
    config::Overrides,
    graph::Selection,
};

/// Go on with a deploy or destroy that failed, was interrupted, or was killed
///
/// What it finished is done. What it began and nobody saw the end of is planned again; what it did not begin goes on with
/// the plans that were confirmed, once everything that they are bound to was compared again. All of that is one review with
/// a gate of its own. A run is resumed at most once: resume the run that resumed it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  envctl runs resume              # the newest run that did not end well
  envctl runs resume 01JABC --confirm
  envctl runs list")]
pub(in crate::cli) struct Resume {
    /// The run: its id, an unambiguous start of it, or `last`; by default the newest one that did not end well.
    #[arg(value_name = "RUN", add = ArgValueCandidates::new(crate::cli::complete::runs))]
    run: Option<String>,

    /// Stacks at once; by default the environment's `jobs`, else the number of cores.
    #[arg(short, long, value_name = "N", value_parser = at_least_one, help_heading = "Run")]
    jobs: Option<NonZeroUsize>,

    #[command(flatten)]
    allow: AllowArgs,

    /// After a failure start nothing new; by default stacks that do not depend on it go on.
    #[arg(long, help_heading = "Run")]
    fail_fast: bool,

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

impl Resume {
    /// Lays what these flags say over environments.toml.
    pub(in crate::cli) fn lay_over(&self, overrides: &mut Overrides) {
        overrides.jobs = self.jobs;
    }
}

impl From<Resume> for resume::Request {
    fn from(args: Resume) -> Self {
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
