//! Ids of new runs.

use std::hash::{BuildHasher as _, RandomState};

use crate::model::{Clock, RunId};

/// Returns a new id of a run: the time of the clock and 80 random bits.
pub fn new_run_id(clock: &dyn Clock) -> RunId {
    let now = clock.now();
    let millis = u64::try_from(now.as_millisecond()).unwrap_or(0);
    // Each `RandomState` has keys of its own, seeded by the operating system once per thread.
    let word = |salt: u8| RandomState::new().hash_one((salt, std::process::id(), now.as_nanosecond()));
    RunId::new(millis, (u128::from(word(0)) << 64) | u128::from(word(1)))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use jiff::Timestamp;

    use super::*;

    struct Stopped(i64);

    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp::from_millisecond(self.0).unwrap()
        }
    }

    #[test]
    fn ids_of_one_moment_differ_and_later_ones_sort_last() {
        let ids: BTreeSet<RunId> = (0..100).map(|_| new_run_id(&Stopped(1_700_000_000_000))).collect();
        assert_eq!(ids.len(), 100);
        assert!(ids.iter().all(|id| *id < new_run_id(&Stopped(1_700_000_000_001))));
    }
}
