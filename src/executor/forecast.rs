//! How long steps will take side by side: the scheduler, run by a clock that is only pretended.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use super::{Ending, Limits, ScheduleError, Scheduler, Step};

/// The time from the first start to the last end when each step takes what it weighs and none fails.
pub(super) fn forecast(steps: &[Step], limits: &Limits) -> Result<Duration, ScheduleError> {
    let mut scheduler = Scheduler::new(steps, limits)?;
    let mut running = BinaryHeap::new();
    let mut now = Duration::ZERO;
    loop {
        while let Some(place) = scheduler.start_next() {
            running.push(Reverse((now.saturating_add(steps[place].weight), place)));
        }
        let Some(Reverse((end, place))) = running.pop() else { return Ok(now) };
        now = end;
        scheduler.finish(place, Ending::Succeeded);
    }
}

#[cfg(test)]
mod tests;
