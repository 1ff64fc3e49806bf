//! `envctl doctor`

use clap::Args;

use crate::commands::doctor;

/// Check this machine: engines, plugin cache, git, configuration; and say what to fix
#[derive(Debug, Args)]
pub(in crate::cli) struct Doctor {
    /// Print JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

impl From<Doctor> for doctor::Request {
    fn from(args: Doctor) -> Self {
        Self { json: args.json }
    }
}
