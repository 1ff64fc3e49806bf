//! The ladder of interrupts: each signal of the user climbs one rung.

/// SIGHUP: the terminal is gone.
const HUP: u8 = 1;

/// What a signal does to the engines that run; that nothing new starts goes for all of them.
///
/// | signal          | rung             | what happens                                             |
/// |-----------------|------------------|----------------------------------------------------------|
/// | 1st             | `Interrupt`      | each engine gets one SIGINT and all the time it needs    |
/// | 2nd             | `Warn`           | nothing; a warning what a third would do                 |
/// | 3rd             | `InterruptAgain` | each engine gets a second SIGINT                         |
/// | 4th and further | `Kill`           | the groups are killed, with what that may have lost      |
/// | HUP, not 1st    | none             | nothing                                                  |
///
/// The kernel says several times that a terminal has gone, and nobody is left there who could want more.
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

/// How far the user has climbed.
#[derive(Debug, Default)]
pub(super) struct Ladder {
    first: Option<u8>,
    count: u32,
}

impl Ladder {
    /// The first signal, if there was one.
    pub(super) fn first(&self) -> Option<u8> {
        self.first
    }

    /// Takes in a signal: the rung that it climbs to, and the how-manieth it is, from 1; none when it climbs nowhere.
    pub(super) fn climb(&mut self, signal: u8) -> Option<(Rung, u32)> {
        if signal == HUP && self.first.is_some() {
            return None;
        }
        self.first.get_or_insert(signal);
        self.count = self.count.saturating_add(1);
        let rung = match self.count {
            0 | 1 => Rung::Interrupt,
            2 => Rung::Warn,
            3 => Rung::InterruptAgain,
            _ => Rung::Kill,
        };
        Some((rung, self.count))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_signal_climbs_one_rung_and_the_first_one_stays_known() {
        let mut ladder = Ladder::default();
        assert_eq!(ladder.first(), None);
        let rungs = [Rung::Interrupt, Rung::Warn, Rung::InterruptAgain, Rung::Kill, Rung::Kill];
        for ((signal, count), rung) in [(15, 1), (2, 2), (2, 3), (15, 4), (2, 5)].into_iter().zip(rungs) {
            assert_eq!(ladder.climb(signal), Some((rung, count)));
        }
        assert_eq!(ladder.first(), Some(15));
    }

    #[test]
    fn a_hang_up_climbs_only_when_it_comes_first() {
        let mut ladder = Ladder::default();
        assert_eq!(ladder.climb(1), Some((Rung::Interrupt, 1)));
        assert_eq!(ladder.climb(1), None);
        assert_eq!(ladder.climb(2), Some((Rung::Warn, 2)));
        assert_eq!(ladder.climb(1), None);
        assert_eq!(ladder.first(), Some(1));
    }
}
