//! `envctl runs`

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCandidates;

use super::resume::Resume;
use crate::{commands::runs, config::Overrides};

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
}

impl Runs {
    pub(in crate::cli) fn json(&self) -> bool {
        match self.verb {
            Verb::List { json, .. } | Verb::Show { json, .. } => json,
            Verb::Log { .. } => false,
            Verb::Resume(ref args) => args.json,
        }
    }

    /// Lays what the flags say over environments.toml.
    pub(in crate::cli) fn lay_over(&self, overrides: &mut Overrides) {
        if let Verb::Resume(args) = &self.verb {
            args.lay_over(overrides);
        }
    }
}

impl From<Runs> for runs::Request {
    fn from(args: Runs) -> Self {
        match args.verb {
            Verb::List { environment, limit, json } => Self::List { environment, limit, json },
            Verb::Show { run, stack, json } => Self::Show { run, stack, json },
            Verb::Log { run, stack } => Self::Log { run, stack },
            Verb::Resume(args) => Self::Resume(Box::new((*args).into())),
        }
    }
}
