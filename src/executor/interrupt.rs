//! Interrupt levels of a run: each signal of the user raises the level by one.

/// SIGHUP: the terminal was closed.
const HUP: u8 = 1;

/// SIGINT: Ctrl-C; also stands for a signal that is not known.
pub const INT: u8 = 2;

/// Effect of a signal on running engines. No new step starts at any level.
///
/// | signal          | level            | what happens                                             |
/// |-----------------|------------------|----------------------------------------------------------|
/// | 1st             | `Interrupt`      | each engine gets one SIGINT and all the time it needs    |
/// | 2nd             | `Warn`           | nothing; a warning what a third would do                 |
/// | 3rd             | `InterruptAgain` | each engine gets a second SIGINT                         |
/// | 4th and further | `Kill`           | the groups are killed, with what that may have lost      |
/// | HUP, not 1st    | none             | nothing                                                  |
///
/// The kernel may send SIGHUP several times when a terminal is closed, and no user can follow up with a second signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InterruptLevel {
    /// First SIGINT to each engine.
    Interrupt,
    /// Prints a warning, and stops nothing.
    Warn,
    /// Second SIGINT to each engine.
    InterruptAgain,
    /// SIGKILL to the process groups.
    Kill,
}

/// Current interrupt level of a run.
#[derive(Debug, Default)]
pub(super) struct InterruptCounter {
    first: Option<u8>,
    count: u32,
}

impl InterruptCounter {
    /// Returns the first signal, if there was one.
    pub(super) fn first(&self) -> Option<u8> {
        self.first
    }

    /// Raises the level and returns it with the number of signals so far, from 1; `None` when the signal does not raise it.
    pub(super) fn escalate(&mut self, signal: u8) -> Option<(InterruptLevel, u32)> {
        if signal == HUP && self.first.is_some() {
            return None;
        }
        self.first.get_or_insert(signal);
        self.count = self.count.saturating_add(1);
        let level = match self.count {
            0 | 1 => InterruptLevel::Interrupt,
            2 => InterruptLevel::Warn,
            3 => InterruptLevel::InterruptAgain,
            _ => InterruptLevel::Kill,
        };
        Some((level, self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_signal_raises_the_level_and_the_first_one_is_kept() {
        let mut ladder = InterruptCounter::default();
        assert_eq!(ladder.first(), None);
        let rungs = [
            InterruptLevel::Interrupt,
            InterruptLevel::Warn,
            InterruptLevel::InterruptAgain,
            InterruptLevel::Kill,
            InterruptLevel::Kill,
        ];
        for ((signal, count), level) in [(15, 1), (2, 2), (2, 3), (15, 4), (2, 5)].into_iter().zip(rungs) {
            assert_eq!(ladder.escalate(signal), Some((level, count)));
        }
        assert_eq!(ladder.first(), Some(15));
    }

    #[test]
    fn a_hangup_raises_the_level_only_as_the_first_signal() {
        let mut ladder = InterruptCounter::default();
        assert_eq!(ladder.escalate(1), Some((InterruptLevel::Interrupt, 1)));
        assert_eq!(ladder.escalate(1), None);
        assert_eq!(ladder.escalate(2), Some((InterruptLevel::Warn, 2)));
        assert_eq!(ladder.escalate(1), None);
        assert_eq!(ladder.first(), Some(1));
    }
}
