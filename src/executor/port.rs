//! Between the dispatcher and the worker threads on which steps run.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use tokio::sync::{mpsc, oneshot};

use super::{Step, consumers::panic_text};
use crate::{
    event::{StepFinished, StepKind},
    model::{Failure, FailureKind, Outcome, StackId},
};

/// Does one step.
pub trait StepRunner: Send + Sync {
    /// Does it, on a thread on which it may block, and says how it ended. A panic is taken for a defect of envctl.
    fn run(&self, stack: &StackId, step: StepKind, port: &dyn StepPort) -> StepFinished;
}

/// What a running step may say meanwhile; threads of the step's own may say it too.
pub trait StepPort: Sync {
    /// A few words for a live line; left out when too many come at once.
    fn progress(&self, text: String);

    /// An engine process that may change a state was started: returns when that is in the journal and on the disk.
    ///
    /// The error says why it could not be recorded. The process runs by then and has to be waited for all the same;
    /// no further mutating step is started.
    fn engine_started(&self, pid: u32) -> Result<(), NotRecorded>;

    /// A hook was started: returns when that is in the journal and on the disk, as for an engine.
    fn hook_started(&self, hook: &HookProcess) -> Result<(), NotRecorded>;

    /// A hook ended, with how.
    fn hook_ended(&self, hook: &HookProcess, exit: String) -> Result<(), NotRecorded>;
}

/// A process that a hook is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HookProcess {
    /// When it runs: `before_apply`.
    pub hook: &'static str,
    /// Its program.
    pub program: String,
    /// Its id.
    pub pid: u32,
}

/// Why something is not in the journal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not recorded: {0}")]
pub struct NotRecorded(pub String);

/// Tells a worker whether what it said was recorded.
pub(super) type Reply = oneshot::Sender<Result<(), NotRecorded>>;

/// What workers say to the dispatcher; steps are known by their place.
pub(super) enum Message {
    Progress {
        place: usize,
        text: String,
    },
    EngineStarted {
        place: usize,
        pid: u32,
        reply: Reply,
    },
    /// How it ended is absent while it runs.
    Hook {
        place: usize,
        hook: HookProcess,
        ended: Option<String>,
        reply: Reply,
    },
    Finished {
        place: usize,
        finished: Box<StepFinished>,
    },
}

struct Port {
    place: usize,
    sender: mpsc::Sender<Message>,
}

impl StepPort for Port {
    fn progress(&self, text: String) {
        // A full channel means that nobody could read it anyway.
        let _dropped_when_full = self.sender.try_send(Message::Progress { place: self.place, text });
    }

    fn engine_started(&self, pid: u32) -> Result<(), NotRecorded> {
        self.recorded(|place, reply| Message::EngineStarted { place, pid, reply })
    }

    fn hook_started(&self, hook: &HookProcess) -> Result<(), NotRecorded> {
        self.recorded(|place, reply| Message::Hook { place, hook: hook.clone(), ended: None, reply })
    }

    fn hook_ended(&self, hook: &HookProcess, exit: String) -> Result<(), NotRecorded> {
        self.recorded(|place, reply| Message::Hook { place, hook: hook.clone(), ended: Some(exit), reply })
    }
}

impl Port {
    /// Says something and waits until it is recorded.
    fn recorded(&self, message: impl FnOnce(usize, Reply) -> Message) -> Result<(), NotRecorded> {
        let gone = || NotRecorded("the run is over".to_owned());
        let (reply, answer) = oneshot::channel();
        self.sender.blocking_send(message(self.place, reply)).map_err(|_| gone())?;
        answer.blocking_recv().map_err(|_| gone())?
    }
}

/// Runs a step on a worker thread of the current runtime.
pub(super) fn spawn(place: usize, step: &Step, runner: &Arc<dyn StepRunner>, sender: &mpsc::Sender<Message>) {
    let (stack, kind) = (step.stack.clone(), step.kind);
    let (runner, port) = (Arc::clone(runner), Port { place, sender: sender.clone() });
    tokio::task::spawn_blocking(move || {
        let finished = match catch_unwind(AssertUnwindSafe(|| runner.run(&stack, kind, &port))) {
            Ok(finished) => StepFinished { stack, step: kind, ..finished },
            Err(panic) => {
                let failure =
                    Failure::new(FailureKind::Defect, format!("envctl panicked: {}", panic_text(&*panic)));
                StepFinished::new(stack, kind, Outcome::Failed(failure))
            }
        };
        // The dispatcher reads until every step has ended, so it is there.
        let _received = port.sender.blocking_send(Message::Finished { place, finished: Box::new(finished) });
    });
}
