//! `envctl destroy`: plan the end of everything, one review, one gate, apply in reverse order.

use super::{Confirm, Context, RunRequest, Usage, opening::Wish, rollout};
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
    if let Some(address) = request.run.replace.first() {
        return Err(
            Usage::Other(format!("`--replace {address}` makes no sense: everything is destroyed")).into()
        );
    }
    let wish = Wish { command: "destroy", mode: PlanMode::Destroy };
    rollout::run(context, &request.run, &request.confirm, wish)
}
