//! Work in one step of one stack: its plan, and later the apply of exactly that plan file.

mod adopt;
mod applied_last;
mod apply;
mod attempts;
mod bind;
mod ended;
mod ephemeral;
mod hooks;
mod input_digests;
mod kind;
mod mixed_mocks;
pub(super) mod outputs;
mod plan;
mod recorded;
mod replan;
mod reuse;
mod run_context;
mod running_step;
mod stamps;
mod state_place;
mod verify;
mod with_hooks;
pub(super) mod work;
pub(super) mod worker;

pub use kind::{Limits, Step};
pub use outputs::Upstreams;
pub use run_context::{RunContext, WorkSet};
pub use work::{PlanOptions, Work};
pub use worker::Worker;
