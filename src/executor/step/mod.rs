//! One step of one stack: its plan, and later the apply of exactly that plan file.

mod adopt;
mod applied_last;
mod apply;
mod bind;
mod ephemeral;
mod hooks;
mod input_digests;
mod kind;
mod mixed_mocks;
pub(super) mod outputs;
mod plan;
pub(super) mod ready_stack;
mod recorded;
mod replan;
mod retries;
mod reuse;
mod reviewed_address;
mod run_context;
mod state_etags;
mod step_context;
mod step_result;
mod verify;
mod with_hooks;
pub(super) mod worker;

pub use applied_last::TYPED_COMMAND;
pub use kind::{Limits, Step};
pub use outputs::Upstreams;
pub use ready_stack::{PlanOptions, ReadyStack};
pub use run_context::{RunContext, RunStacks};
pub use worker::Worker;
