//! What happens on demand right after an event was recorded, for tests alone: envctl kills itself, or time passes.

use rustix::process::{Signal, getpid, kill_process};

use crate::event::{Event, EventKind};

/// Kills envctl with SIGKILL when the recorded event is the one that `ENVCTL_TEST_KILL_AFTER_EVENT` numbers.
///
/// Once a gate was answered, the clock of the test stands where `ENVCTL_TEST_CLOCK_AFTER_GATE` says.
pub(super) fn after(event: &Event) {
    let (clock, late) =
        (std::env::var_os("ENVCTL_TEST_CLOCK"), std::env::var("ENVCTL_TEST_CLOCK_AFTER_GATE"));
    if let (Some(clock), Ok(late), EventKind::Decided(_)) = (clock, late, &event.kind) {
        // A clock that was not set makes the test fail that wanted it.
        let _ = std::fs::write(clock, late);
    }
    let wanted = std::env::var("ENVCTL_TEST_KILL_AFTER_EVENT").ok();
    if wanted.and_then(|number| number.parse().ok()) == Some(event.seq) {
        // A process that cannot be killed makes the test fail that wanted it.
        let _ = kill_process(getpid(), Signal::KILL);
    }
}
