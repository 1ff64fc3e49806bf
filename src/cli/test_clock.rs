//! A clock that a test sets: the time stands in a file.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::model::{Clock, SystemClock};

/// The time in the file that `ENVCTL_TEST_CLOCK` names; the machine's own where there is none.
pub(super) struct TestClock(pub(super) Option<PathBuf>);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let text = self.0.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        text.and_then(|text| text.trim().parse().ok()).unwrap_or_else(|| SystemClock.now())
    }
}
