//! Figures of a run that all reporters of live lines follow.

use crate::event::EventKind;

/// Width of the column with the stacks' names, and number of running steps.
#[derive(Debug, Default)]
pub(super) struct StepCounter {
    /// Width in characters.
    pub(super) width: usize,
    /// Steps that were started and have not finished.
    pub(super) running: usize,
}

impl StepCounter {
    /// Updates the figures with an event.
    pub(super) fn count(&mut self, event: &EventKind) {
        match event {
            EventKind::RunStarted { stacks, .. } => {
                self.width = stacks.iter().map(|s| s.stack.as_str().chars().count()).max().unwrap_or(0);
            }
            EventKind::StepStarted { .. } => self.running += 1,
            EventKind::StepFinished(_) => self.running = self.running.saturating_sub(1),
            _ => {}
        }
    }
}
