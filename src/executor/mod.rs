//! Runs the steps of a run: the dispatcher (the only owner of run state and the only emitter of events), the pure
//! scheduler that decides which step may start, the interrupt levels, the gate, and the exit status.
//!
//! The dispatcher does not know what a step does: a [`StepRunner`] is passed in.

mod assemble;
mod cancel;
mod consumers;
mod deployment;
mod dispatcher;
mod estimate;
mod evaluated_values;
mod exit;
mod failed_output;
#[cfg(feature = "fake-engine")]
mod fault;
mod gate;
mod identify;
mod identity;
mod interrupt;
mod interrupts;
mod named_program;
mod plan_inputs;
mod prior_result;
mod prompt;
mod refusal;
#[cfg(test)]
mod rig;
mod round;
mod scheduler;
mod secret_error;
mod secret_use;
mod secrets;
mod signals;
mod sops;
mod stack_run;
mod step;
mod step_channel;
mod step_durations;
mod target;
mod typed_values;
mod value_places;

pub use assemble::{AssembleError, Assembly, engines, shown_flags};
pub use cancel::InterruptHandler;
pub use deployment::{Deployment, DeploymentParts};
pub use dispatcher::{
    DispatchError, Dispatcher, GateResult, PromptResult, RunEnd, masked_refusals, masked_review,
};
pub use exit::{RunFacts, exit_status};
pub use failed_output::FailedOutput;
pub use gate::{
    Confirmation, DigestPrefix, Gate, GateRequest, GateRound, InvalidDigest, ReviewSummary, evaluate_answer,
    gate,
};
pub use identify::identify;
pub use identity::{IdentityError, IdentityVerifier};
pub use interrupt::{INT, InterruptLevel};
pub use interrupts::Interrupts;
pub use plan_inputs::PlanInputs;
pub use prior_result::{PriorResult, StoredPlan, StoredPlanError};
pub use prompt::{Answer, Prompt, Prompter};
pub use refusal::Refusal;
pub use scheduler::{Ending, ScheduleError, Scheduler, Skip};
pub use secret_error::SecretError;
pub use secret_use::{SecretOfRun, SecretUse};
pub use secrets::{ProgressCallback, Secrets};
pub use signals::SignalSource;

pub use stack_run::{StackRun, StackRuns, StepInput};
pub use step_channel::{HookProcess, NotRecorded, StepEnd, StepHandle, StepRunner};
pub use target::{BuiltTarget, TargetError, Targets};

pub use step::{
    Limits, PlanOptions, ReadyStack, RunContext, RunStacks, Step, TYPED_COMMAND, Upstreams, Worker,
};
