//! How long steps will take side by side: the scheduler, run by a clock that is only pretended.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use super::{Ending, Limits, ScheduleError, Scheduler, Step};

/// What comes of steps when each takes what it weighs and none fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Forecast {
    /// The time from the first start to the last end.
    pub(super) time: Duration,
    /// As many as are at work side by side at the most, those not counted that take no time.
    pub(super) at_once: usize,
}

/// How long steps will take, and how many of them at once.
pub(super) fn forecast(steps: &[Step], limits: &Limits) -> Result<Forecast, ScheduleError> {
    let mut scheduler = Scheduler::new(steps, limits)?;
    let mut running = BinaryHeap::new();
    let mut now = Duration::ZERO;
    let (mut busy, mut at_once) = (0_usize, 0);
    loop {
        while let Some(place) = scheduler.start_next() {
            busy += usize::from(!steps[place].weight.is_zero());
            at_once = at_once.max(busy);
            running.push(Reverse((now.saturating_add(steps[place].weight), place)));
        }
        let Some(Reverse((end, place))) = running.pop() else { return Ok(Forecast { time: now, at_once }) };
        now = end;
        busy -= usize::from(!steps[place].weight.is_zero());
        scheduler.finish(place, Ending::Succeeded);
    }
}

#[cfg(test)]
mod tests;
