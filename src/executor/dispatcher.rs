//! Dispatcher: the only owner of a run's state and the only emitter of its events.
//!
//! Each event is numbered, written to the journal, added to the report, and then sent to the consumers' thread. The
//! runtime and the signal handlers are started by the first round of steps or the first prompt; a verb without either
//! does not start them.

use std::{collections::BTreeMap, io, sync::Arc};

use super::{
    InterruptHandler, Limits, RunFacts, ScheduleError, Scheduler, StackRuns, Step, StepRunner,
    cancel::SignalRuntime, consumers::Consumers, exit_status, round::StepRound,
};
use crate::{
    event::{Consumer, Decision, Event, EventKind, StepKind},
    journal::{Fold, FoldError, Journal, JournalError},
    model::{Clock, ExitStatus, Outcome, Report, StackId},
    process::Runner,
    ui::BeforeWrite,
};
use jiff::Timestamp;

mod event_text;
mod prompting;

use event_text::{masked, without_control_characters};
pub use event_text::{masked_refusals, masked_review};

pub use prompting::{GateResult, PromptResult};

/// Error of the dispatcher itself, not of a step.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The event was shown to the user, but could not be written to the journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The steps cannot be put in an order.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The event cannot be added to the report, because it does not belong to the run.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// Threads or signal handlers cannot be created.
    #[error("cannot start the runtime: {0}")]
    Runtime(#[source] io::Error),
}

/// Result of a run that has ended.
#[derive(Debug)]
pub struct RunEnd {
    /// Report of the run; `None` if the run never started.
    pub report: Option<Report>,
    /// Notes for the user: a journal that could not be written, a consumer that was dropped.
    pub notes: Vec<String>,
}

/// Runs steps and emits events to the journal, the report and the consumers.
pub struct Dispatcher {
    clock: Arc<dyn Clock>,
    journal: Option<Journal>,
    journal_problem: Option<String>,
    consumers: Consumers,
    cancel: InterruptHandler,
    signal_runtime: Option<SignalRuntime>,
    seq: u64,
    fold: Fold,
    outcomes: BTreeMap<StackId, Outcome>,
    planned: BTreeMap<StackId, Timestamp>,
    /// States of the stacks between their steps.
    pub(super) stack_runs: StackRuns,
    refused: bool,
    mutated: bool,
    synced: bool,
    redactor: Option<Arc<Runner>>,
}

impl Dispatcher {
    /// Returns a dispatcher of a run that has not started; without a journal no event is stored.
    pub fn new(
        clock: Arc<dyn Clock>,
        journal: Option<Journal>,
        consumers: Vec<Box<dyn Consumer>>,
        cancel: InterruptHandler,
    ) -> Self {
        Self {
            clock,
            journal,
            journal_problem: None,
            consumers: Consumers::start(consumers),
            cancel,
            signal_runtime: None,
            seq: 0,
            fold: Fold::default(),
            outcomes: BTreeMap::new(),
            planned: BTreeMap::new(),
            stack_runs: StackRuns::default(),
            refused: false,
            mutated: false,
            synced: false,
            redactor: None,
        }
    }

    /// Masks secrets of this runner's redactor in every event. Stored outcomes are not masked: plans are compared by
    /// resource addresses.
    #[must_use]
    pub fn masking(self, runner: &Arc<Runner>) -> Self {
        Self { redactor: Some(Arc::clone(runner)), ..self }
    }

    /// Starts to listen for signals of the user, before there is a step that they could interrupt.
    pub fn listen(&mut self) -> Result<(), DispatchError> {
        self.signal_runtime = Some(self.take_signal_runtime()?);
        Ok(())
    }

    /// Emits an event: to the journal first, then to the report and the consumers.
    ///
    /// [`DispatchError::Journal`] means that the event was shown but not recorded; no mutating step starts after that.
    pub fn emit(&mut self, kind: EventKind) -> Result<(), DispatchError> {
        let kind = without_control_characters(kind);
        match &kind {
            EventKind::StepFinished(finished) => {
                self.outcomes.insert(finished.stack.clone(), finished.outcome.clone());
            }
            EventKind::StackSkipped { stack, outcome } => {
                self.outcomes.insert(stack.clone(), outcome.clone());
            }
            _ => {}
        }
        let event = self.next_event(kind);
        let recorded = self.record(&event);
        self.deliver(&event)?;
        Ok(recorded?)
    }

    /// Runs steps until each has ended, and returns their outcomes.
    ///
    /// After an interrupt no step starts, neither in this round nor in later ones. Steps that wait for a failed one are
    /// skipped. An error means that the steps have no order or that no thread could be started, not that a step failed.
    pub fn run(
        &mut self,
        steps: &[Step],
        limits: &Limits,
        runner: &Arc<dyn StepRunner>,
    ) -> Result<BTreeMap<StackId, Outcome>, DispatchError> {
        let scheduler = Scheduler::new(steps, limits)?;
        if steps.is_empty() {
            return Ok(BTreeMap::new());
        }
        let mut signal_runtime = self.take_signal_runtime()?;
        let round = StepRound::new(self, steps, scheduler, Arc::clone(runner));
        let outcomes = signal_runtime.runtime.block_on(round.drive(&mut signal_runtime.signals));
        self.signal_runtime = Some(signal_runtime);
        outcomes
    }

    /// Returns the first signal of the user, if there was one, including signals after the last round of steps.
    pub fn first_signal(&mut self) -> Option<u8> {
        if let Some(mut signal_runtime) = self.signal_runtime.take() {
            self.handle_pending_signals(&mut signal_runtime);
            self.signal_runtime = Some(signal_runtime);
        }
        self.signal()
    }

    /// Returns the outcome of each stack so far.
    pub fn outcomes(&self) -> &BTreeMap<StackId, Outcome> {
        &self.outcomes
    }

    /// Returns true if an engine process was started that may have changed a state.
    pub fn has_mutated(&self) -> bool {
        self.mutated
    }

    /// Returns the start time of a stack's plan.
    pub fn planned_at(&self, stack: &StackId) -> Option<Timestamp> {
        self.planned.get(stack).copied()
    }

    /// Returns the report so far; `None` before the run has started.
    pub fn report(&self) -> Option<Report> {
        self.fold.report()
    }

    /// Returns the error of the first journal write that failed.
    pub fn journal_problem(&self) -> Option<&str> {
        self.journal_problem.as_deref()
    }

    /// Returns the exit status of the verb at this point. `detailed` reports changes as a status of their own.
    pub fn status(&mut self, detailed: bool) -> ExitStatus {
        let facts = RunFacts {
            detailed,
            signal: self.first_signal(),
            refused: self.refused,
            unrecorded: self.journal_problem.is_some(),
            mutated: self.mutated,
        };
        exit_status(self.outcomes.values(), facts)
    }

    /// Returns a function that waits until the consumers have handled all events so far.
    pub fn flusher(&self) -> BeforeWrite {
        self.consumers.flusher()
    }

    /// Ends the run: emits the last event, writes the report beside the journal, and stops the consumers.
    pub fn finish(mut self, status: ExitStatus) -> RunEnd {
        let mut notes = Vec::new();
        if let Err(error) = self.emit(EventKind::RunFinished { status })
            && !matches!(error, DispatchError::Journal(_))
        {
            notes.push(error.to_string());
        }
        let report = self.report();
        // A report beside a journal says that the journal has every event.
        let is_recorded = self.journal_problem.is_none();
        notes.extend(self.journal_problem.take());
        if let (Some(journal), Some(report)) = (self.journal.as_ref().filter(|_| is_recorded), &report)
            && let Err(error) = journal.dir().write_report(report)
        {
            notes.push(error.to_string());
        }
        notes.extend(self.consumers.finish());
        RunEnd { report, notes }
    }

    /// Returns the first signal that was handled.
    pub(super) fn signal(&self) -> Option<u8> {
        self.cancel.signal()
    }

    /// Handles a signal. A failed write to the journal does not keep the signal from its effect.
    pub(super) fn escalate(&mut self, signal: u8) {
        if let Some(kind) = self.cancel.escalate(signal) {
            let _kept_as_journal_problem = self.emit(kind);
        }
    }

    /// Records the start of a step; a mutating step starts only after that is on the disk.
    pub(super) fn record_step_start(&mut self, stack: &StackId, step: StepKind) -> Result<(), DispatchError> {
        let event = self.next_event(EventKind::StepStarted { stack: stack.clone(), step });
        let recorded = self.record(&event);
        if step.is_mutating() {
            recorded?;
        }
        self.deliver(&event)
    }

    fn next_event(&self, kind: EventKind) -> Arc<Event> {
        let kind = match &self.redactor {
            Some(runner) => masked(kind, runner.redactor()),
            None => kind,
        };
        Arc::new(Event { seq: self.seq, at: self.clock.now(), kind })
    }

    fn record(&mut self, event: &Event) -> Result<(), JournalError> {
        let Some(journal) = self.journal.as_mut().filter(|_| event.kind.is_recorded()) else { return Ok(()) };
        let mut recorded = journal.append(event);
        // The last event of a run that changed nothing is not worth an fsync.
        let only_ends = !self.synced && matches!(event.kind, EventKind::RunFinished { .. });
        if event.kind.is_synced() && !only_ends {
            recorded = recorded.and_then(|()| journal.sync());
            self.synced = true;
        }
        #[cfg(feature = "fake-engine")]
        super::fault::kill_after(event);
        recorded.inspect_err(|error| {
            self.journal_problem.get_or_insert_with(|| error.to_string());
        })
    }

    fn deliver(&mut self, event: &Arc<Event>) -> Result<(), DispatchError> {
        // Progress events are not in the journal, whose numbers have no gaps.
        self.seq += u64::from(event.kind.is_recorded());
        match &event.kind {
            // The age of a plan counts from its start.
            EventKind::StepStarted { stack, step: StepKind::Plan } => {
                self.planned.insert(stack.clone(), event.at);
            }
            // A plan that creates a workspace changes no resource.
            EventKind::EngineStarted { step, .. } => self.mutated |= step.is_mutating(),
            EventKind::Decided(decision) => self.refused = matches!(decision, Decision::Refused { .. }),
            _ => {}
        }
        self.consumers.send(event);
        Ok(self.fold.push(event)?)
    }

    fn take_signal_runtime(&mut self) -> Result<SignalRuntime, DispatchError> {
        if let Some(signal_runtime) = self.signal_runtime.take() {
            return Ok(signal_runtime);
        }
        self.cancel.listen().map_err(DispatchError::Runtime)
    }

    /// Handles the signals that arrived since the last check.
    fn handle_pending_signals(&mut self, signal_runtime: &mut SignalRuntime) -> Option<u8> {
        while let Some(signal) = signal_runtime.runtime.block_on(signal_runtime.signals.pending()) {
            self.escalate(signal);
        }
        self.signal()
    }
}

#[cfg(test)]
mod tests;
