//! Entity tags (`ETag`) of the states of a run: one request per state before the first plan, many at the same time.

use std::{
    collections::HashMap,
    sync::{
        Arc, Once, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use super::ready_stack::ReadyStack;
use crate::{
    engine::{MAX_CONCURRENT_REQUESTS, RemoteStates, RemoteVersionAnswer},
    model::{Clock, StackId},
    process::Runner,
};

/// Entity tags of the states of a run. No request is sent and no thread started before the first state on a server.
pub(super) struct StateEtags(Arc<EtagRequests>);

struct EtagRequests {
    ready: Arc<HashMap<StackId, ReadyStack>>,
    runner: Arc<Runner>,
    clock: Arc<dyn Clock>,
    states: RemoteStates,
    slots: OnceLock<HashMap<StackId, OnceLock<RemoteVersionAnswer>>>,
    started: Once,
    next: AtomicUsize,
    is_dropped: AtomicBool,
}

impl StateEtags {
    /// Returns the entity tags of these stacks; none is requested yet.
    pub(super) fn new(
        ready: Arc<HashMap<StackId, ReadyStack>>,
        runner: Arc<Runner>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self(Arc::new(EtagRequests {
            ready,
            runner,
            clock,
            states: RemoteStates::default(),
            slots: OnceLock::new(),
            started: Once::new(),
            next: AtomicUsize::new(0),
            is_dropped: AtomicBool::new(false),
        }))
    }

    /// Returns the entity tag of a stack's state from its first request. The first call starts the requests for all other stacks,
    /// beyond the number of jobs.
    pub(super) fn first_response(&self, stack: &StackId, ready: &ReadyStack) -> RemoteVersionAnswer {
        if ready.effective_init().is_ok_and(|effective_init| RemoteStates::is_supported(&effective_init)) {
            self.0.started.call_once(|| self.0.request_all());
        }
        self.0.slots().get(stack).map_or(RemoteVersionAnswer::Unsupported, |slot| {
            slot.get_or_init(|| self.0.request(ready)).clone()
        })
    }

    /// Returns the entity tag of a stack's state if it was requested already.
    pub(super) fn received(&self, stack: &StackId) -> Option<&RemoteVersionAnswer> {
        self.0.slots.get()?.get(stack)?.get()
    }

    /// Requests the entity tag again.
    pub(super) fn request_again(&self, ready: &ReadyStack) -> RemoteVersionAnswer {
        self.0.request(ready)
    }
}

impl Drop for StateEtags {
    fn drop(&mut self) {
        self.0.is_dropped.store(true, Ordering::Relaxed);
    }
}

impl EtagRequests {
    fn slots(&self) -> &HashMap<StackId, OnceLock<RemoteVersionAnswer>> {
        self.slots.get_or_init(|| self.ready.keys().map(|stack| (stack.clone(), OnceLock::new())).collect())
    }

    fn request(&self, ready: &ReadyStack) -> RemoteVersionAnswer {
        match ready.effective_init() {
            Ok(effective_init)
                if RemoteStates::is_supported(&effective_init) && !ready.engine.keeps_environment() =>
            {
                let why = format!("the files of {} may bring other credentials", ready.engine.name());
                RemoteVersionAnswer::Unknown(Some(why))
            }
            Ok(effective_init) if RemoteStates::is_supported(&effective_init) => self.states.request_version(
                &ready.target,
                &effective_init,
                self.runner.redactor(),
                self.clock.now(),
            ),
            _ => RemoteVersionAnswer::Unsupported,
        }
    }

    /// Sends the requests for all states, each once: the first caller sends the request, others wait for its response.
    fn request_all(self: &Arc<Self>) {
        for _ in 0..MAX_CONCURRENT_REQUESTS.min(self.ready.len()) {
            let answers = Arc::clone(self);
            let rest = move || {
                let mut left = answers.slots().iter();
                let mut at = 0;
                while !answers.is_dropped.load(Ordering::Relaxed) {
                    let next = answers.next.fetch_add(1, Ordering::Relaxed);
                    let Some((stack, slot)) = left.nth(next - at) else { break };
                    at = next + 1;
                    slot.get_or_init(|| {
                        answers
                            .ready
                            .get(stack)
                            .map_or(RemoteVersionAnswer::Unsupported, |ready| answers.request(ready))
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
