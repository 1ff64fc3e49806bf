//! Command-line arguments of `envctl doctor`.

use clap::Args;

use crate::commands::doctor;

/// Check this machine: engines, plugin cache, git, configuration; and say what to fix
#[derive(Debug, Args)]
pub(in crate::cli) struct DoctorArgs {
    /// Print JSON.
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

impl From<DoctorArgs> for doctor::DoctorRequest {
    fn from(args: DoctorArgs) -> Self {
        Self { json: args.json }
    }
}
