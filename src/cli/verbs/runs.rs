//! `envctl runs`

use std::time::Duration;

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCandidates;

use super::resume::Resume;
use crate::{
    commands::{gc, runs},
    config::{Overrides, parse_duration},
    run::ReportFiles,
};

/// Look at past runs
#[derive(Debug, Args)]
pub(in crate::cli) struct Runs {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
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
    Resume(Box<Resume>),
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

impl Runs {
    /// Returns true if the command resumes a run.
    pub(in crate::cli) fn resumes(&self) -> bool {
        matches!(self.verb, Verb::Resume(_))
    }

    pub(in crate::cli) fn json(&self) -> bool {
        match self.verb {
            Verb::List { json, .. } | Verb::Show { json, .. } => json,
            Verb::Log { .. } | Verb::Gc { .. } => false,
            Verb::Resume(ref args) => args.how.json(),
        }
    }

    /// Returns the paths of the report and the summary of a resumed run.
    pub(in crate::cli) fn report_files(&self) -> Option<ReportFiles> {
        match &self.verb {
            Verb::Resume(args) => Some(args.how.report_files()),
            Verb::List { .. } | Verb::Show { .. } | Verb::Log { .. } | Verb::Gc { .. } => None,
        }
    }

    /// Applies the flags to the overrides of environments.toml.
    pub(in crate::cli) fn lay_over(&self, overrides: &mut Overrides) {
        if let Verb::Resume(args) = &self.verb {
            args.how.lay_over(overrides);
        }
    }
}

impl From<Runs> for runs::Request {
    fn from(args: Runs) -> Self {
        match args.verb {
            Verb::List { environment, limit, json } => Self::List { environment, limit, json },
            Verb::Show { run, stack, json } => Self::Show { run, stack, json },
            Verb::Log { run, stack } => Self::Log { run, stack },
            Verb::Gc { older_than, keep, dry_run } => Self::Gc(gc::Request { older_than, keep, dry_run }),
            Verb::Resume(args) => Self::Resume(Box::new((*args).into())),
        }
    }
}
