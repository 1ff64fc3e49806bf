//! Interrupts of a run by its user: the signals, the interrupt levels, and their effect on the engines.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
};

use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc::unbounded_channel,
};

use super::{InterruptLevel, SignalSource, interrupt::InterruptCounter, signals::Signals};
use crate::event::EventKind;

/// Handler of the signals with which the user interrupts a run.
pub struct InterruptHandler {
    source: Option<SignalSource>,
    signal_runtime: Option<SignalRuntime>,
    on_level: Box<dyn Fn(InterruptLevel) + Send>,
    counter: InterruptCounter,
    first: Arc<AtomicU8>,
}

/// Signals that envctl receives, with the runtime that receives them.
pub(super) struct SignalRuntime {
    /// Runtime of the signals.
    pub(super) runtime: Runtime,
    /// Signals of the user.
    pub(super) signals: Signals,
}

impl InterruptHandler {
    /// Returns a handler for signals of `source`. `on_level` applies an interrupt level to the engines and must not block.
    pub fn new(source: SignalSource, on_level: impl Fn(InterruptLevel) + Send + 'static) -> Self {
        Self {
            source: Some(source),
            signal_runtime: None,
            on_level: Box::new(on_level),
            counter: InterruptCounter::default(),
            first: Arc::default(),
        }
    }

    /// Returns a handler that receives no signals.
    pub(super) fn without_signals() -> Self {
        Self::new(SignalSource::Channel(unbounded_channel().1), |_| {})
    }

    /// Returns the number of the first signal, shared with this handler; 0 before there is one.
    pub(super) fn first_signal(&self) -> Arc<AtomicU8> {
        Arc::clone(&self.first)
    }

    /// Returns the first signal, if there was one.
    pub fn signal(&self) -> Option<u8> {
        self.counter.first()
    }

    /// Starts to receive signals, or goes on where another part of the process received them before.
    pub(super) fn listen(&mut self) -> io::Result<SignalRuntime> {
        if let Some(signal_runtime) = self.signal_runtime.take() {
            return Ok(signal_runtime);
        }
        let runtime = Builder::new_current_thread().enable_io().build()?;
        let entered = runtime.enter();
        let closed = || SignalSource::Channel(unbounded_channel().1);
        let signals = self.source.take().unwrap_or_else(closed).listen()?;
        drop(entered);
        Ok(SignalRuntime { runtime, signals })
    }

    /// Keeps the signals for the next caller of [`InterruptHandler::listen`].
    pub(super) fn resume_with(&mut self, signal_runtime: SignalRuntime) {
        self.signal_runtime = Some(signal_runtime);
    }

    /// Raises the interrupt level and returns the event to emit; `None` when the signal does not raise the level.
    pub(super) fn escalate(&mut self, signal: u8) -> Option<EventKind> {
        let (level, count) = self.counter.escalate(signal)?;
        if count == 1 {
            self.first.store(signal, Ordering::SeqCst);
        }
        (self.on_level)(level);
        Some(EventKind::InterruptRequested { signal, count })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn a_repeated_signal_raises_the_level_and_a_hangup_after_it_does_not() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (_sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let noted = Arc::clone(&seen);
        let mut cancel = InterruptHandler::new(SignalSource::Channel(receiver), move |level| {
            noted.lock().unwrap().push(level);
        });
        assert_eq!(cancel.escalate(15), Some(EventKind::InterruptRequested { signal: 15, count: 1 }));
        assert_eq!(cancel.escalate(1), None);
        assert_eq!(cancel.escalate(2), Some(EventKind::InterruptRequested { signal: 2, count: 2 }));
        assert_eq!(
            (cancel.signal(), &**seen.lock().unwrap()),
            (Some(15), &[InterruptLevel::Interrupt, InterruptLevel::Warn][..])
        );
    }
}
