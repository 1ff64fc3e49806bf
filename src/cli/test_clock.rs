//! Clock that a test sets through a file.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::model::{Clock, SystemClock};

/// Clock with the time in the file that `ENVCTL_TEST_CLOCK` names; the system clock without it.
pub(super) struct TestClock(pub(super) Option<PathBuf>);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        let text = self.0.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        text.and_then(|text| text.trim().parse().ok()).unwrap_or_else(|| SystemClock.now())
    }
}
