//! One round of steps, from the first start to the last end.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::mpsc;

use super::{
    DispatchError, Dispatcher, Ending, Scheduler, Skip, Step, StepRunner,
    signals::Signals,
    step_channel::{HookProcess, NotRecorded, Reply, StepEnd, WorkerMessage, spawn},
};
use crate::{
    event::{EventKind, StepKind},
    model::{Block, Guard, Outcome, SkipReason, StackId},
    process::ProcessIdentity,
};

/// Capacity of the workers' message channel; a worker blocks while the channel is full.
const CHANNEL_CAPACITY: usize = 256;

/// One round of steps.
pub(super) struct StepRound<'a> {
    dispatcher: &'a mut Dispatcher,
    steps: &'a [Step],
    scheduler: Scheduler,
    runner: Arc<dyn StepRunner>,
    sender: mpsc::Sender<WorkerMessage>,
    receiver: mpsc::Receiver<WorkerMessage>,
    outcomes: BTreeMap<StackId, Outcome>,
    first_error: Option<DispatchError>,
}

impl<'a> StepRound<'a> {
    /// Returns a round in which no step has started yet.
    pub(super) fn new(
        dispatcher: &'a mut Dispatcher,
        steps: &'a [Step],
        scheduler: Scheduler,
        runner: Arc<dyn StepRunner>,
    ) -> Self {
        let (sender, receiver) = mpsc::channel(CHANNEL_CAPACITY);
        Self {
            dispatcher,
            steps,
            scheduler,
            runner,
            sender,
            receiver,
            outcomes: BTreeMap::new(),
            first_error: None,
        }
    }

    /// Starts every step that may start and waits for running steps, until all steps have ended.
    ///
    /// An error never leaves a running step behind: it is returned after the last step.
    pub(super) async fn drive(
        mut self,
        signals: &mut Signals,
    ) -> Result<BTreeMap<StackId, Outcome>, DispatchError> {
        self.handle_pending_signals(signals).await;
        loop {
            self.start();
            if self.scheduler.is_done() {
                break;
            }
            tokio::select! {
                biased;
                signal = signals.next() => self.dispatcher.escalate(signal),
                Some(message) = self.receiver.recv() => {
                    // A signal may have arrived after the select polled for one.
                    self.handle_pending_signals(signals).await;
                    self.handle(message);
                }
            }
        }
        match self.first_error {
            Some(defect) => Err(defect),
            None => Ok(self.outcomes),
        }
    }

    /// Handles the signals that have arrived.
    async fn handle_pending_signals(&mut self, signals: &mut Signals) {
        while let Some(signal) = signals.pending().await {
            self.dispatcher.escalate(signal);
        }
    }

    fn start(&mut self) {
        if self.dispatcher.signal().is_some() || self.first_error.is_some() {
            for index in self.scheduler.stop() {
                self.record_skip(index, Outcome::Interrupted);
            }
        }
        while let Some(index) = self.scheduler.start_next() {
            let step = &self.steps[index];
            match self.dispatcher.record_step_start(&step.stack, step.kind) {
                Ok(()) => {
                    let input = self.dispatcher.stack_runs.begin_step(&step.stack);
                    spawn(index, step, input, &self.runner, &self.sender);
                }
                Err(DispatchError::Journal(_)) => {
                    let reason = self.dispatcher.journal_problem().unwrap_or_default();
                    let block = Block::new(
                        Guard::Journal,
                        format!("nothing new is applied without a record: {reason}"),
                    );
                    self.record_skip(index, Outcome::Refused(vec![block]));
                    self.release_dependents(index);
                }
                Err(defect) => {
                    self.keep_first_error(Err(defect));
                    self.record_skip(index, Outcome::Interrupted);
                    self.release_dependents(index);
                }
            }
        }
    }

    fn handle(&mut self, message: WorkerMessage) {
        match message {
            WorkerMessage::Progress { index, text } => {
                let Step { stack, kind, .. } = &self.steps[index];
                // A thread that the step started may send a text after the step's end.
                if !self.outcomes.contains_key(stack) {
                    let (stack, step) = (stack.clone(), *kind);
                    self.emit(EventKind::Progress { stack, step, text });
                }
            }
            WorkerMessage::EngineStarted { index, pid, reply } => {
                let Step { stack, kind, .. } = &self.steps[index];
                let (stack, step) = (stack.clone(), *kind);
                let ProcessIdentity { pid, start_time, boot_id } = ProcessIdentity::from_pid(pid);
                let started = EventKind::EngineStarted { stack, step, pid, start_time, boot_id };
                self.record(started, reply);
            }
            WorkerMessage::Hook { index, hook, ended, reply } => {
                let Step { stack, kind, .. } = &self.steps[index];
                self.record(hook_event(stack, *kind, hook, ended), reply);
            }
            WorkerMessage::Finished { index, end } => self.handle_step_end(index, *end),
        }
    }

    /// Emits an event and replies to the worker that waits for it.
    fn record(&mut self, kind: EventKind, reply: Reply) {
        let recorded = self.dispatcher.emit(kind);
        // A worker that has ended does not need the reply.
        let _answered = reply.send(recorded.map_err(|error| NotRecorded(error.to_string())));
    }

    fn handle_step_end(&mut self, index: usize, end: StepEnd) {
        let StepEnd { finished, stack_run, has_applied } = end;
        self.dispatcher.stack_runs.end_step(&finished.stack, stack_run, has_applied);
        self.outcomes.insert(finished.stack.clone(), finished.outcome.clone());
        self.emit(EventKind::StepFinished(Box::new(finished)));
        self.release_dependents(index);
    }

    /// Reports the end of a step to the scheduler, and emits the outcomes of the steps that will not start because of that.
    fn release_dependents(&mut self, index: usize) {
        let outcome = self.outcomes.get(&self.steps[index].stack);
        for (other, skip) in self.scheduler.finish(index, outcome.map_or(Ending::Failed, ending_of)) {
            let outcome = self.skip_outcome(skip);
            self.record_skip(other, outcome);
        }
    }

    /// Returns the outcome of a step that will not start: deferred if its cause was deferred, skipped otherwise.
    fn skip_outcome(&self, skip: Skip) -> Outcome {
        match skip {
            Skip::FailFast(cause) => {
                Outcome::Skipped { because: SkipReason::FailFast(self.steps[cause].stack.clone()) }
            }
            Skip::Dependency(cause) => {
                let cause = &self.steps[cause].stack;
                match self.outcomes.get(cause) {
                    Some(Outcome::Deferred { because }) => Outcome::Deferred { because: because.clone() },
                    Some(beyond) if beyond.is_beyond_confirmed() => {
                        Outcome::Deferred { because: cause.clone() }
                    }
                    _ => Outcome::Skipped { because: SkipReason::Dependency(cause.clone()) },
                }
            }
        }
    }

    fn record_skip(&mut self, index: usize, outcome: Outcome) {
        let stack = self.steps[index].stack.clone();
        self.outcomes.insert(stack.clone(), outcome.clone());
        self.emit(EventKind::StackSkipped { stack, outcome });
    }

    fn emit(&mut self, kind: EventKind) {
        let emitted = self.dispatcher.emit(kind);
        self.keep_first_error(emitted);
    }

    /// Stores the first error that is not an error of the journal: the dispatcher stores that one, and it
    /// stops only mutating steps.
    fn keep_first_error(&mut self, result: Result<(), DispatchError>) {
        match result {
            Ok(()) | Err(DispatchError::Journal(_)) => {}
            Err(error) => {
                self.first_error.get_or_insert(error);
            }
        }
    }
}

fn hook_event(stack: &StackId, step: StepKind, process: HookProcess, ended: Option<String>) -> EventKind {
    let (stack, hook) = (stack.clone(), process.hook.to_owned());
    match ended {
        Some(exit) => EventKind::HookEnded { stack, step, hook, pid: process.pid, exit },
        None => {
            let ProcessIdentity { pid, start_time, boot_id } = ProcessIdentity::from_pid(process.pid);
            EventKind::HookStarted { stack, step, hook, program: process.program, pid, start_time, boot_id }
        }
    }
}

fn ending_of(outcome: &Outcome) -> Ending {
    match outcome {
        Outcome::Clean
        | Outcome::Changed(_)
        | Outcome::Applied(_)
        | Outcome::Skipped { because: SkipReason::Excluded(_) } => Ending::Succeeded,
        Outcome::Deferred { .. } => Ending::Deferred,
        beyond if beyond.is_beyond_confirmed() => Ending::Deferred,
        Outcome::Failed(_) | Outcome::Skipped { .. } | Outcome::Refused(_) | Outcome::Interrupted => {
            Ending::Failed
        }
    }
}

#[cfg(test)]
mod tests;
