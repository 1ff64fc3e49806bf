//! The only owner of a run's state and the only emitter of its events.
//!
//! Each event is numbered, written to the journal, added to the report, and then handed to the consumers' thread. The
//! runtime and the signals are started by the first round of steps or question; a verb without either never pays.

use std::{collections::BTreeMap, io, sync::Arc};

use jiff::Timestamp;
use tokio::runtime::{Builder, Runtime};

use super::{
    Cancel, Circumstances, Limits, ScheduleError, Scheduler, Step, StepRunner, consumers::Consumers,
    exit_status, round::Round, signals::Signals,
};
use crate::{
    event::{Consumer, Decision, Event, EventKind, StepKind},
    journal::{Fold, FoldError, Journal, JournalError},
    model::{Clock, ExitStatus, Outcome, Report, StackId},
    process::Runner,
};

mod asking;
mod shown;

use shown::{masked, shown};

pub use asking::{Asked, Gated};

/// Why the dispatcher could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DispatchError {
    /// The event happened and was shown, but it is not in the journal.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The steps have no order.
    #[error(transparent)]
    Schedule(#[from] ScheduleError),
    /// The event does not belong to the run.
    #[error(transparent)]
    Fold(#[from] FoldError),
    /// Threads or signals are not to be had.
    #[error("cannot start the runtime: {0}")]
    Runtime(#[source] io::Error),
}

/// What is left of a run that is over.
#[derive(Debug)]
pub struct Finished {
    /// The report; none if the run never started.
    pub report: Option<Report>,
    /// What a person should know: a journal that could not be written, an output that was given up.
    pub notes: Vec<String>,
}

struct Live {
    runtime: Runtime,
    signals: Signals,
}

/// Runs steps and tells everyone.
pub struct Dispatcher {
    clock: Arc<dyn Clock>,
    journal: Option<Journal>,
    journal_problem: Option<String>,
    consumers: Consumers,
    cancel: Cancel,
    live: Option<Live>,
    seq: u64,
    fold: Fold,
    outcomes: BTreeMap<StackId, Outcome>,
    planned: BTreeMap<StackId, Timestamp>,
    refused: bool,
    mutated: bool,
    synced: bool,
    redactor: Option<Arc<Runner>>,
}

impl Dispatcher {
    /// A dispatcher of a run that has not started; without a journal nothing is kept.
    pub fn new(
        clock: Arc<dyn Clock>,
        journal: Option<Journal>,
        consumers: Vec<Box<dyn Consumer>>,
        cancel: Cancel,
    ) -> Self {
        Self {
            clock,
            journal,
            journal_problem: None,
            consumers: Consumers::start(consumers),
            cancel,
            live: None,
            seq: 0,
            fold: Fold::default(),
            outcomes: BTreeMap::new(),
            planned: BTreeMap::new(),
            refused: false,
            mutated: false,
            synced: false,
            redactor: None,
        }
    }

    /// Masks what this runner's redactor knows in every event. How steps ended is kept as it is: plans are compared by their
    /// addresses.
    #[must_use]
    pub fn masking(self, runner: &Arc<Runner>) -> Self {
        Self { redactor: Some(Arc::clone(runner)), ..self }
    }

    /// Begins to listen to the user's signals, before anything is there that they could stop.
    pub fn listen(&mut self) -> Result<(), DispatchError> {
        self.live = Some(self.take_live()?);
        Ok(())
    }

    /// Says that something happened: journal first, then everyone else.
    ///
    /// [`DispatchError::Journal`] means that it was shown but not recorded; no mutating step starts after that.
    pub fn emit(&mut self, kind: EventKind) -> Result<(), DispatchError> {
        let kind = shown(kind);
        match &kind {
            EventKind::StepFinished(finished) => {
                self.outcomes.insert(finished.stack.clone(), finished.outcome.clone());
            }
            EventKind::StackSkipped { stack, outcome } => {
                self.outcomes.insert(stack.clone(), outcome.clone());
            }
            _ => {}
        }
        let event = self.event(kind);
        let recorded = self.record(&event);
        self.deliver(&event)?;
        Ok(recorded?)
    }

    /// Runs steps until each has ended, and returns how.
    ///
    /// After an interrupt nothing starts any more, in this round and in later ones. Steps that wait for a failed one are
    /// skipped. An error means that the steps make no sense, or that no thread could be started, not that one failed.
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
        let mut live = self.take_live()?;
        let round = Round::new(self, steps, scheduler, Arc::clone(runner));
        let outcomes = live.runtime.block_on(round.drive(&mut live.signals));
        self.live = Some(live);
        outcomes
    }

    /// The first signal of the user, if there was one, also since the last round of steps.
    pub fn interrupted(&mut self) -> Option<u8> {
        if let Some(mut live) = self.live.take() {
            self.pending(&mut live);
            self.live = Some(live);
        }
        self.signal()
    }

    /// How each stack ended so far.
    pub fn outcomes(&self) -> &BTreeMap<StackId, Outcome> {
        &self.outcomes
    }

    /// Whether an engine was started that may have changed a state.
    pub fn has_mutated(&self) -> bool {
        self.mutated
    }

    /// When the plan of a stack was begun.
    pub fn planned_at(&self, stack: &StackId) -> Option<Timestamp> {
        self.planned.get(stack).copied()
    }

    /// The report so far; none before the run started.
    pub fn report(&self) -> Option<Report> {
        self.fold.report()
    }

    /// Why the journal could not be written, if that happened.
    pub fn journal_problem(&self) -> Option<&str> {
        self.journal_problem.as_deref()
    }

    /// What the verb would exit with now; `detailed` makes differences count.
    pub fn status(&mut self, detailed: bool) -> ExitStatus {
        let circumstances = Circumstances {
            detailed,
            signal: self.interrupted(),
            refused: self.refused,
            unrecorded: self.journal_problem.is_some(),
            mutated: self.mutated,
        };
        exit_status(self.outcomes.values(), circumstances)
    }

    /// Waits until the consumers have shown all that was said so far.
    pub fn flush(&self) {
        self.consumers.flush();
    }

    /// Ends the run: the last event, the report beside the journal, the end of the consumers.
    pub fn finish(mut self, status: ExitStatus) -> Finished {
        let mut notes = Vec::new();
        if let Err(error) = self.emit(EventKind::RunFinished { status })
            && !matches!(error, DispatchError::Journal(_))
        {
            notes.push(error.to_string());
        }
        let report = self.report();
        notes.extend(self.journal_problem.take());
        if let (Some(journal), Some(report)) = (&self.journal, &report)
            && let Err(error) = journal.dir().write_report(report)
        {
            notes.push(error.to_string());
        }
        notes.extend(self.consumers.finish());
        Finished { report, notes }
    }

    /// The first signal that was noticed.
    pub(super) fn signal(&self) -> Option<u8> {
        self.cancel.signal()
    }

    /// A signal arrived. A journal that cannot take it does not keep it from having its effect.
    pub(super) fn climb(&mut self, signal: u8) {
        if let Some(kind) = self.cancel.climb(signal) {
            let _kept_as_journal_problem = self.emit(kind);
        }
    }

    /// Says that a step starts; one that may change a state only starts when that is on the disk.
    pub(super) fn step_starts(&mut self, stack: &StackId, step: StepKind) -> Result<(), DispatchError> {
        let event = self.event(EventKind::StepStarted { stack: stack.clone(), step });
        let recorded = self.record(&event);
        if step.is_mutating() {
            recorded?;
        }
        self.deliver(&event)
    }

    fn event(&self, kind: EventKind) -> Arc<Event> {
        let kind = match &self.redactor {
            Some(runner) => masked(kind, runner.redactor()),
            None => kind,
        };
        Arc::new(Event { seq: self.seq, at: self.clock.now(), kind })
    }

    fn record(&mut self, event: &Event) -> Result<(), JournalError> {
        let Some(journal) = self.journal.as_mut().filter(|_| event.kind.is_recorded()) else { return Ok(()) };
        let mut recorded = journal.append(event);
        // The end of a run that changed nothing is not worth waiting for the disk.
        let only_ends = !self.synced && matches!(event.kind, EventKind::RunFinished { .. });
        if event.kind.is_synced() && !only_ends {
            recorded = recorded.and_then(|()| journal.sync());
            self.synced = true;
        }
        #[cfg(feature = "fake-engine")]
        super::fault::after(event);
        recorded.inspect_err(|error| {
            self.journal_problem.get_or_insert_with(|| error.to_string());
        })
    }

    fn deliver(&mut self, event: &Arc<Event>) -> Result<(), DispatchError> {
        // Live words are not in the journal, whose numbers have no gaps.
        self.seq += u64::from(event.kind.is_recorded());
        match &event.kind {
            // A plan is as old as its beginning.
            EventKind::StepStarted { stack, step: StepKind::Plan } => {
                self.planned.insert(stack.clone(), event.at);
            }
            // A plan that makes a workspace changes no resource.
            EventKind::EngineStarted { step, .. } => self.mutated |= step.is_mutating(),
            EventKind::Decided(decision) => self.refused = matches!(decision, Decision::Refused { .. }),
            _ => {}
        }
        self.consumers.tell(event);
        Ok(self.fold.push(event)?)
    }

    fn take_live(&mut self) -> Result<Live, DispatchError> {
        if let Some(live) = self.live.take() {
            return Ok(live);
        }
        let runtime = Builder::new_current_thread().enable_io().build().map_err(DispatchError::Runtime)?;
        let listening = runtime.enter();
        let signals = self.cancel.listen().map_err(DispatchError::Runtime)?;
        drop(listening);
        Ok(Live { runtime, signals })
    }

    /// Takes in what has arrived while nobody looked.
    fn pending(&mut self, live: &mut Live) -> Option<u8> {
        while let Some(signal) = live.runtime.block_on(live.signals.pending()) {
            self.climb(signal);
        }
        self.signal()
    }
}

#[cfg(test)]
mod tests;
