//! Event emitter of a run, with its consumers.

use std::sync::Arc;

use super::Context;
use crate::{
    event::Consumer,
    executor::{DispatchError, Dispatcher, InterruptHandler},
    journal::{Journal, Stopwatch},
    process::Runner,
    reporter,
};

/// Returns the event emitter of a run, which already handles the user's signals. From here on the printer of the context
/// waits for the consumers before it writes.
pub(crate) fn emitter(
    context: &Context,
    journal: Journal,
    stopwatch: Stopwatch,
    runner: &Arc<Runner>,
    cancel: InterruptHandler,
) -> Result<Dispatcher, DispatchError> {
    let mut dispatcher =
        Dispatcher::new(Arc::clone(&context.clock), Some(journal), consumers(context, stopwatch), cancel)
            .masking(runner);
    dispatcher.listen()?;
    context.printer.call_before_write(dispatcher.flusher());
    Ok(dispatcher)
}

fn consumers(context: &Context, stopwatch: Stopwatch) -> Vec<Box<dyn Consumer>> {
    let printer = Arc::new(context.printer.without_call_before_write());
    let shows: Box<dyn Consumer> = if context.terminal.live {
        Box::new(reporter::TerminalReporter::new(printer))
    } else if context.terminal.github {
        Box::new(reporter::GitHubReporter::new(printer))
    } else {
        Box::new(reporter::PlainReporter::new(printer))
    };
    vec![shows, Box::new(stopwatch)]
}
