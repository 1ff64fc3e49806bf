//! `envctl deploy`: plans all stacks, asks for one confirmation of one review, and applies those plan files in order.

use super::{Confirm, Context, RunRequest, opening::Wish, rollout};
use crate::{engine::PlanMode, model::ExitStatus};

/// Arguments of `envctl deploy`.
#[derive(Debug, Clone)]
pub struct Request {
    /// Options of the run.
    pub run: RunRequest,
    /// Answer to the gate from flags.
    pub confirm: Confirm,
}

/// Runs `envctl deploy`.
pub fn run(context: &Context, request: &Request) -> anyhow::Result<ExitStatus> {
    let wish = Wish { command: "deploy", mode: PlanMode::Normal };
    rollout::run(context, &request.run, &request.confirm, wish)
}
