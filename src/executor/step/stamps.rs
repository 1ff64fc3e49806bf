//! Entity tags (`ETag`) of the states of a run: one request per state before the first plan, many at the same time.

use std::{
    collections::HashMap,
    sync::{
        Arc, Once, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use super::work::Work;
use crate::{
    engine::{MAX_CONCURRENT_REQUESTS, RemoteStates, Stamped},
    model::{Clock, StackId},
    process::Runner,
};

/// Answers of a run. No request is sent and no thread started before the first state with a server.
pub(super) struct Stamps(Arc<Answers>);

struct Answers {
    work: Arc<HashMap<StackId, Work>>,
    runner: Arc<Runner>,
    clock: Arc<dyn Clock>,
    states: RemoteStates,
    slots: OnceLock<HashMap<StackId, OnceLock<Stamped>>>,
    begun: Once,
    next: AtomicUsize,
    over: AtomicBool,
}

impl Stamps {
    /// Returns an empty set of answers for these stacks.
    pub(super) fn new(work: Arc<HashMap<StackId, Work>>, runner: Arc<Runner>, clock: Arc<dyn Clock>) -> Self {
        Self(Arc::new(Answers {
            work,
            runner,
            clock,
            states: RemoteStates::default(),
            slots: OnceLock::new(),
            begun: Once::new(),
            next: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        }))
    }

    /// Returns the run's answer about a stack. The first call starts the requests for all other stacks,
    /// beyond the number of jobs.
    pub(super) fn first(&self, stack: &StackId, work: &Work) -> Stamped {
        if work.effective_init().is_ok_and(|effective_init| RemoteStates::is_supported(&effective_init)) {
            self.0.begun.call_once(|| self.0.ask_all());
        }
        self.0
            .slots()
            .get(stack)
            .map_or(Stamped::Elsewhere, |slot| slot.get_or_init(|| self.0.ask(work)).clone())
    }

    /// Returns the answer about a stack, if there is one already.
    pub(super) fn given(&self, stack: &StackId) -> Option<&Stamped> {
        self.0.slots.get()?.get(stack)?.get()
    }

    /// Sends a new request.
    pub(super) fn now(&self, work: &Work) -> Stamped {
        self.0.ask(work)
    }
}

impl Drop for Stamps {
    fn drop(&mut self) {
        self.0.over.store(true, Ordering::Relaxed);
    }
}

impl Answers {
    fn slots(&self) -> &HashMap<StackId, OnceLock<Stamped>> {
        self.slots.get_or_init(|| self.work.keys().map(|stack| (stack.clone(), OnceLock::new())).collect())
    }

    fn ask(&self, work: &Work) -> Stamped {
        match work.effective_init() {
            Ok(effective_init)
                if RemoteStates::is_supported(&effective_init) && !work.engine.keeps_environment() =>
            {
                let why = format!("the files of {} may bring other credentials", work.engine.name());
                Stamped::Unknown(Some(why))
            }
            Ok(effective_init) if RemoteStates::is_supported(&effective_init) => {
                self.states.stamp(&work.target, &effective_init, self.runner.redactor(), self.clock.now())
            }
            _ => Stamped::Elsewhere,
        }
    }

    /// Sends the requests for all states, each once: the first caller sends it, others wait for that answer.
    fn ask_all(self: &Arc<Self>) {
        for _ in 0..MAX_CONCURRENT_REQUESTS.min(self.work.len()) {
            let answers = Arc::clone(self);
            let rest = move || {
                let mut left = answers.slots().iter();
                let mut at = 0;
                while !answers.over.load(Ordering::Relaxed) {
                    let next = answers.next.fetch_add(1, Ordering::Relaxed);
                    let Some((stack, slot)) = left.nth(next - at) else { break };
                    at = next + 1;
                    slot.get_or_init(|| {
                        answers.work.get(stack).map_or(Stamped::Elsewhere, |work| answers.ask(work))
                    });
                }
            };
            // Without a thread it takes longer: each worker sends its own request.
            if thread::Builder::new().name("stamps".to_owned()).spawn(rest).is_err() {
                break;
            }
        }
    }
}
