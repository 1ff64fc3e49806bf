//! Effect of interrupt levels on the programs that a verb has started.

use std::sync::Arc;

use crate::{executor::Rung, process::Runner};

/// Returns a handler that applies an interrupt level to a runner's programs.
pub(super) fn ladder(runner: &Arc<Runner>) -> impl Fn(Rung) + Send + 'static {
    let runner = Arc::clone(runner);
    move |rung| match rung {
        Rung::Interrupt | Rung::InterruptAgain => runner.interrupt(),
        Rung::Warn => {}
        Rung::Kill => runner.kill_groups(),
    }
}
