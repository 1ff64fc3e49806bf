//! Interrupts of a run by its user: the signals, the interrupt levels, and their effect on the engines.

use super::{InterruptLevel, SignalSource, interrupt::Ladder, signals::Signals};
use crate::event::EventKind;

/// Interrupts of a run by its user.
pub struct Cancel {
    source: Option<SignalSource>,
    act: Box<dyn Fn(InterruptLevel) + Send>,
    ladder: Ladder,
}

impl Cancel {
    /// Returns a handler for signals of `source`. `act` applies an interrupt level to the engines and must not block.
    pub fn new(source: SignalSource, act: impl Fn(InterruptLevel) + Send + 'static) -> Self {
        Self { source: Some(source), act: Box::new(act), ladder: Ladder::default() }
    }

    /// Returns the first signal, if there was one.
    pub fn signal(&self) -> Option<u8> {
        self.ladder.first()
    }

    /// Starts to listen; needs a running tokio runtime.
    pub(super) fn listen(&mut self) -> std::io::Result<Signals> {
        let closed = || SignalSource::Channel(tokio::sync::mpsc::unbounded_channel().1);
        self.source.take().unwrap_or_else(closed).listen()
    }

    /// Raises the interrupt level and returns the event to emit; absent when the signal does not raise the level.
    pub(super) fn escalate(&mut self, signal: u8) -> Option<EventKind> {
        let (level, count) = self.ladder.escalate(signal)?;
        (self.act)(level);
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
        let mut cancel =
            Cancel::new(SignalSource::Channel(receiver), move |level| noted.lock().unwrap().push(level));
        assert_eq!(cancel.escalate(15), Some(EventKind::InterruptRequested { signal: 15, count: 1 }));
        assert_eq!(cancel.escalate(1), None);
        assert_eq!(cancel.escalate(2), Some(EventKind::InterruptRequested { signal: 2, count: 2 }));
        assert_eq!(
            (cancel.signal(), &**seen.lock().unwrap()),
            (Some(15), &[InterruptLevel::Interrupt, InterruptLevel::Warn][..])
        );
    }
}
