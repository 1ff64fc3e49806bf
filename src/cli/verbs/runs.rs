//! Command-line arguments of `envctl runs`.

use std::time::Duration;

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCandidates;

use super::resume::ResumeArgs;
use crate::{
    commands::{gc, runs},
    config::{Overrides, parse_duration},
    run::ReportFiles,
};

/// Look at past runs
#[derive(Debug, Args)]
pub(in crate::cli) struct RunsArgs {
    #[command(subcommand)]
    verb: RunsVerb,
}

#[derive(Debug, Subcommand)]
enum RunsVerb {
    /// List runs, newest first
    List {
        /// Only this environment.
        #[arg(value_name = "ENV", add = ArgValueCandidates::new(crate::cli::complete::environments))]
        environment: Option<String>,
        /// At most so many.
        #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
        limit: usize,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show one run: its review, or the whole diff of one stack
    Show {
        /// The run: its id, an unambiguous start of it, or `last`.
        #[arg(value_name = "RUN", default_value = "last", add = ArgValueCandidates::new(crate::cli::complete::runs))]
        run: String,
        /// The diff of this stack.
        #[arg(value_name = "STACK")]
        stack: Option<String>,
        /// Print the report as JSON.
        #[arg(long, conflicts_with = "stack")]
        json: bool,
    },
    /// Print what the engine said
    Log {
        /// The run: its id, an unambiguous start of it, or `last`.
        #[arg(value_name = "RUN", default_value = "last", add = ArgValueCandidates::new(crate::cli::complete::runs))]
        run: String,
        /// Only this stack.
        #[arg(value_name = "STACK")]
        stack: Option<String>,
    },
    Resume(Box<ResumeArgs>),
    /// Remove old runs, their plan files first
    ///
    /// By default those older than `store.keep` in environments.toml, else than 30 days. A run that is not over stays, and
    /// so does what `runs resume` needs.
    #[command(after_help = "Examples:
  envctl runs gc --dry-run
  envctl runs gc --older-than 2w --keep 5
  envctl runs gc --keep 20             # whatever their age")]
    Gc {
        /// Runs older than this: `12h`, `30d`, `4w`.
        #[arg(long, value_name = "AGE", value_parser = parse_duration)]
        older_than: Option<Duration>,
        /// Keep so many of each environment, the newest ones; without `--older-than` all others go.
        #[arg(long, value_name = "N")]
        keep: Option<usize>,
        /// Only list what would go.
        #[arg(long)]
        dry_run: bool,
    },
}

impl RunsArgs {
    /// Returns true if the command resumes a run.
    pub(in crate::cli) fn resumes(&self) -> bool {
        matches!(self.verb, RunsVerb::Resume(_))
    }

    pub(in crate::cli) fn json(&self) -> bool {
        match self.verb {
            RunsVerb::List { json, .. } | RunsVerb::Show { json, .. } => json,
            RunsVerb::Log { .. } | RunsVerb::Gc { .. } => false,
            RunsVerb::Resume(ref args) => args.common.json(),
        }
    }

    /// Returns the paths of the report and the summary of a resumed run.
    pub(in crate::cli) fn report_files(&self) -> Option<ReportFiles> {
        match &self.verb {
            RunsVerb::Resume(args) => Some(args.common.report_files()),
            RunsVerb::List { .. } | RunsVerb::Show { .. } | RunsVerb::Log { .. } | RunsVerb::Gc { .. } => {
                None
            }
        }
    }

    /// Applies the flags to the overrides of environments.toml.
    pub(in crate::cli) fn override_settings(&self, overrides: &mut Overrides) {
        if let RunsVerb::Resume(args) = &self.verb {
            args.common.override_settings(overrides);
        }
    }
}

impl From<RunsArgs> for runs::RunsRequest {
    fn from(args: RunsArgs) -> Self {
        match args.verb {
            RunsVerb::List { environment, limit, json } => Self::List { environment, limit, json },
            RunsVerb::Show { run, stack, json } => Self::Show { run, stack, json },
            RunsVerb::Log { run, stack } => Self::Log { run, stack },
            RunsVerb::Gc { older_than, keep, dry_run } => {
                Self::Gc(gc::GcRequest { older_than, keep, dry_run })
            }
            RunsVerb::Resume(args) => Self::Resume(Box::new((*args).into())),
        }
    }
}
