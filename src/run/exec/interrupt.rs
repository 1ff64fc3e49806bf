//! Effect of interrupt levels on the programs that a verb has started.

use std::sync::Arc;

use crate::{executor::InterruptLevel, process::Runner};

/// Returns a handler that applies an interrupt level to a runner's programs.
pub(crate) fn ladder(runner: &Arc<Runner>) -> impl Fn(InterruptLevel) + Send + 'static {
    let runner = Arc::clone(runner);
    move |rung| match rung {
        InterruptLevel::Interrupt | InterruptLevel::InterruptAgain => runner.interrupt(),
        InterruptLevel::Warn => {}
        InterruptLevel::Kill => runner.kill_groups(),
    }
}
