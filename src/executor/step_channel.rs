//! Channel between the dispatcher and the worker threads that run steps.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tokio::sync::{mpsc, oneshot};

use super::{StackRun, Step, StepInput, consumers::panic_text};
use crate::{
    event::{StepFinished, StepKind},
    model::{Failure, FailureKind, Outcome, StackId},
};

/// Executor of a single step.
pub trait StepRunner: Send + Sync {
    /// Runs a step on a thread where it may block, and returns its result. A panic is reported as a defect of envctl.
    fn run(&self, stack: &StackId, kind: StepKind, input: StepInput, handle: &dyn StepHandle) -> StepEnd;
}

/// Result of a step, with the changed state of its stack.
pub struct StepEnd {
    /// Event that reports the result.
    pub finished: StepFinished,
    /// State of the stack after the step.
    pub stack_run: StackRun,
    /// True if the step has applied changes; a hook that failed afterwards does not undo them.
    pub has_applied: bool,
}

/// Callbacks of a running step to the dispatcher; threads that the step started may call them too.
pub trait StepHandle: Sync {
    /// Shows a short progress text; dropped when too many are queued.
    fn progress(&self, text: String);

    /// Records the start of an engine process that may change a state; returns when that is in the journal and on the disk.
    ///
    /// Returns the reason if it could not be recorded. The process runs by then and has to be waited for all the same;
    /// no further mutating step is started.
    fn engine_started(&self, pid: u32) -> Result<(), NotRecorded>;

    /// Records the start of a hook; returns when that is in the journal and on the disk.
    fn hook_started(&self, hook: &HookProcess) -> Result<(), NotRecorded>;

    /// Records the end of a hook with its exit status.
    fn hook_ended(&self, hook: &HookProcess, exit: String) -> Result<(), NotRecorded>;
}

/// Process of a hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookProcess {
    /// Point at which it runs: `before_apply`.
    pub hook: &'static str,
    /// Program of the hook.
    pub program: String,
    /// Process id.
    pub pid: u32,
}

/// Reason why an event is not in the journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not recorded: {0}")]
pub struct NotRecorded(pub String);

/// Sender of the answer whether an event was recorded.
pub(super) type Reply = oneshot::Sender<Result<(), NotRecorded>>;

/// Messages from workers to the dispatcher; `index` is the index of the step.
pub(super) enum WorkerMessage {
    Progress {
        index: usize,
        text: String,
    },
    EngineStarted {
        index: usize,
        pid: u32,
        reply: Reply,
    },
    /// Start or end of a hook; `ended` is `None` at its start.
    Hook {
        index: usize,
        hook: HookProcess,
        ended: Option<String>,
        reply: Reply,
    },
    Finished {
        index: usize,
        end: Box<StepEnd>,
    },
}

struct ChannelHandle {
    index: usize,
    sender: mpsc::Sender<WorkerMessage>,
}

impl StepHandle for ChannelHandle {
    fn progress(&self, text: String) {
        // A full channel means that the dispatcher is busy: the text may be dropped.
        let _dropped_when_full = self.sender.try_send(WorkerMessage::Progress { index: self.index, text });
    }

    fn engine_started(&self, pid: u32) -> Result<(), NotRecorded> {
        self.send_and_wait(|index, reply| WorkerMessage::EngineStarted { index, pid, reply })
    }

    fn hook_started(&self, hook: &HookProcess) -> Result<(), NotRecorded> {
        self.send_and_wait(|index, reply| WorkerMessage::Hook {
            index,
            hook: hook.clone(),
            ended: None,
            reply,
        })
    }

    fn hook_ended(&self, hook: &HookProcess, exit: String) -> Result<(), NotRecorded> {
        self.send_and_wait(|index, reply| WorkerMessage::Hook {
            index,
            hook: hook.clone(),
            ended: Some(exit),
            reply,
        })
    }
}

impl ChannelHandle {
    /// Sends a message and waits until it is recorded.
    fn send_and_wait(&self, message: impl FnOnce(usize, Reply) -> WorkerMessage) -> Result<(), NotRecorded> {
        let gone = || NotRecorded("the run is over".to_owned());
        let (reply, answer) = oneshot::channel();
        self.sender.blocking_send(message(self.index, reply)).map_err(|_| gone())?;
        answer.blocking_recv().map_err(|_| gone())?
    }
}

/// Runs a step on a worker thread of the current runtime. After a panic the state of its stack is lost, and with it the
/// plan that waited for its apply.
pub(super) fn spawn(
    index: usize,
    step: &Step,
    input: StepInput,
    runner: &Arc<dyn StepRunner>,
    sender: &mpsc::Sender<WorkerMessage>,
) {
    let (stack, kind) = (step.stack.clone(), step.kind);
    let (runner, port) = (Arc::clone(runner), ChannelHandle { index, sender: sender.clone() });
    tokio::task::spawn_blocking(move || {
        let end = match catch_unwind(AssertUnwindSafe(|| runner.run(&stack, kind, input, &port))) {
            Ok(end) => StepEnd { finished: StepFinished { stack, step: kind, ..end.finished }, ..end },
            Err(panic) => {
                let failure =
                    Failure::new(FailureKind::Defect, format!("envctl panicked: {}", panic_text(&*panic)));
                let finished = StepFinished::new(stack, kind, Outcome::Failed(failure));
                StepEnd { finished, stack_run: StackRun::default(), has_applied: false }
            }
        };
        // The dispatcher reads until every step has ended, so it is there.
        let _received = port.sender.blocking_send(WorkerMessage::Finished { index, end: Box::new(end) });
    });
}
