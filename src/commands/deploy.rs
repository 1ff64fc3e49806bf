//! `envctl deploy`: plan everything, one review, one gate, apply those plan files in order.

use super::{Confirm, Context, RunRequest, opening::Wish, rollout};
use crate::{engine::PlanMode, model::ExitStatus};

/// What to deploy.
#[derive(Debug, Clone)]
pub struct Request {
    /// The run.
    pub run: RunRequest,
    /// The answer to the gate, given in advance.
    pub confirm: Confirm,
}

/// Deploys.
pub fn run(context: &Context, request: &Request) -> anyhow::Result<ExitStatus> {
    let wish = Wish { command: "deploy", mode: PlanMode::Normal };
    rollout::run(context, &request.run, &request.confirm, wish)
}
