//! `envctl destroy`: plans the removal of all resources, asks for one confirmation of one review, and
//! applies in reverse order.

use crate::{
    engine::PlanMode,
    model::{ExitStatus, RunVerb},
    run::{Confirm, Context, RunRequest, Usage, request::RunMode, rounds},
};

/// Arguments of `envctl destroy`.
#[derive(Debug, Clone)]
pub struct DestroyRequest {
    /// Options of the run.
    pub run: RunRequest,
    /// Answer to the gate from flags.
    pub confirm: Confirm,
}

/// Runs `envctl destroy`.
pub fn run(context: &Context, request: &DestroyRequest) -> anyhow::Result<ExitStatus> {
    if let Some(address) = request.run.replace.first() {
        return Err(
            Usage::Other(format!("`--replace {address}` makes no sense: everything is destroyed")).into()
        );
    }
    let run_mode = RunMode { verb: RunVerb::Destroy, mode: PlanMode::Destroy };
    rounds::run(context, &request.run, &request.confirm, run_mode)
}
