//! `envctl destroy`: plan the end of everything, one review, one gate, apply in reverse order.

use super::{Confirm, Context, RunRequest, opening::Wish, rollout};
use crate::{engine::PlanMode, model::ExitStatus};

/// What to destroy.
#[derive(Debug, Clone)]
pub struct Request {
    /// The run.
    pub run: RunRequest,
    /// The answer to the gate, given in advance.
    pub confirm: Confirm,
}

/// Destroys.
pub fn run(context: &Context, request: &Request) -> anyhow::Result<ExitStatus> {
    let wish =
        Wish { command: "destroy", mode: PlanMode::Destroy, accept_replans: request.confirm.accept_replans };
    rollout::run(context, &request.run, &request.confirm, wish)
}
