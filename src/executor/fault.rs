//! Fault injection for tests, after a recorded event: envctl kills itself, or the test clock advances.

use rustix::process::{Signal, getpid, kill_process};

use crate::event::{Event, EventKind};

/// Kills envctl with SIGKILL after the event whose number `ENVCTL_TEST_KILL_AFTER_EVENT` holds.
///
/// After the gate has decided, the test clock is set to `ENVCTL_TEST_CLOCK_AFTER_GATE`.
pub(super) fn kill_after(event: &Event) {
    let (clock, late) =
        (std::env::var_os("ENVCTL_TEST_CLOCK"), std::env::var("ENVCTL_TEST_CLOCK_AFTER_GATE"));
    if let (Some(clock), Ok(late), EventKind::Decided(_)) = (clock, late, &event.kind) {
        // A test that needs the clock fails when the write fails.
        let _ = std::fs::write(clock, late);
    }
    let wanted = std::env::var("ENVCTL_TEST_KILL_AFTER_EVENT").ok();
    if wanted.and_then(|number| number.parse().ok()) == Some(event.seq) {
        // A test that needs the kill fails when the kill fails.
        let _ = kill_process(getpid(), Signal::KILL);
    }
}
