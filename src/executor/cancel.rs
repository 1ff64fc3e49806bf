//! The ladder of interrupts: each signal of the user climbs one rung.

use super::{SignalSource, signals::Signals};
use crate::event::EventKind;

/// What a signal does to the engines that run; that nothing new starts goes for all of them.
///
/// | signal          | rung             | what happens                                             |
/// |-----------------|------------------|----------------------------------------------------------|
/// | 1st             | `Interrupt`      | each engine gets one SIGINT and all the time it needs    |
/// | 2nd             | `Warn`           | nothing; a warning what a third would do                 |
/// | 3rd             | `InterruptAgain` | each engine gets a second SIGINT                         |
/// | 4th and further | `Kill`           | the groups are killed, with what that may have lost      |
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rung {
    /// Signal each engine once.
    Interrupt,
    /// Only warn.
    Warn,
    /// Signal each engine a second time.
    InterruptAgain,
    /// Kill.
    Kill,
}

impl Rung {
    /// The rung of the how-manieth signal, from 1.
    pub fn of(count: u32) -> Self {
        match count {
            0 | 1 => Self::Interrupt,
            2 => Self::Warn,
            3 => Self::InterruptAgain,
            _ => Self::Kill,
        }
    }
}

/// How a run is stopped by its user.
pub struct Cancel {
    source: Option<SignalSource>,
    act: Box<dyn Fn(Rung) + Send>,
    first: Option<u8>,
    count: u32,
}

impl Cancel {
    /// Listens to a source once a run needs it; `act` does to the engines what the rung says, and must not block.
    pub fn new(source: SignalSource, act: impl Fn(Rung) + Send + 'static) -> Self {
        Self { source: Some(source), act: Box::new(act), first: None, count: 0 }
    }

    /// The first signal, if there was one.
    pub fn signal(&self) -> Option<u8> {
        self.first
    }

    /// Begins to listen; needs a running runtime.
    pub(super) fn listen(&mut self) -> std::io::Result<Signals> {
        let closed = || SignalSource::Channel(tokio::sync::mpsc::unbounded_channel().1);
        self.source.take().unwrap_or_else(closed).listen()
    }

    /// Climbs one rung and says so.
    pub(super) fn climb(&mut self, signal: u8) -> EventKind {
        self.count = self.count.saturating_add(1);
        self.first.get_or_insert(signal);
        (self.act)(Rung::of(self.count));
        EventKind::InterruptRequested { signal, count: self.count }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn each_signal_climbs_one_rung_and_the_first_one_names_the_run() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (_sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        let noted = Arc::clone(&seen);
        let mut cancel =
            Cancel::new(SignalSource::Channel(receiver), move |rung| noted.lock().unwrap().push(rung));
        assert_eq!(cancel.signal(), None);
        for (signal, count) in [(15, 1), (2, 2), (2, 3), (1, 4), (2, 5)] {
            assert_eq!(cancel.climb(signal), EventKind::InterruptRequested { signal, count });
        }
        assert_eq!(cancel.signal(), Some(15));
        let rungs = [Rung::Interrupt, Rung::Warn, Rung::InterruptAgain, Rung::Kill, Rung::Kill];
        assert_eq!(*seen.lock().unwrap(), rungs);
    }
}
