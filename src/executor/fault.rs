//! A crash on demand, for tests alone: envctl kills itself right after an event was recorded.

use rustix::process::{Signal, getpid, kill_process};

/// Kills envctl with SIGKILL when the recorded event is the one that `ENVCTL_TEST_KILL_AFTER_EVENT` numbers.
pub(super) fn after(seq: u64) {
    let wanted = std::env::var("ENVCTL_TEST_KILL_AFTER_EVENT").ok();
    if wanted.and_then(|number| number.parse().ok()) == Some(seq) {
        // A process that cannot be killed makes the test fail that wanted it.
        let _ = kill_process(getpid(), Signal::KILL);
    }
}
