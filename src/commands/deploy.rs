//! `envctl deploy`: plans all stacks, asks for one confirmation of one review, and applies those plan files in order.

use crate::{
    engine::PlanMode,
    model::{ExitStatus, RunVerb},
    run::{Confirm, Context, RunRequest, request::RunMode, rounds},
};

/// Arguments of `envctl deploy`.
#[derive(Debug, Clone)]
pub struct DeployRequest {
    /// Options of the run.
    pub run: RunRequest,
    /// Answer to the gate from flags.
    pub confirm: Confirm,
}

/// Runs `envctl deploy`.
pub fn run(context: &Context, request: &DeployRequest) -> anyhow::Result<ExitStatus> {
    let run_mode = RunMode { verb: RunVerb::Deploy, mode: PlanMode::Normal };
    rounds::run(context, &request.run, &request.confirm, run_mode)
}
