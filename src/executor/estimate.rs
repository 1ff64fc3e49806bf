//! Estimate of the duration of a round: the scheduler, driven by a simulated clock.

use std::{cmp::Reverse, collections::BinaryHeap, time::Duration};

use super::{Ending, Limits, ScheduleError, Scheduler, Step};

/// Duration and parallelism of a round in which each step takes its weight and none fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Forecast {
    /// Time from the first start to the last end.
    pub(super) time: Duration,
    /// Maximum number of steps that run at the same time, without steps of no duration.
    pub(super) at_once: usize,
}

/// Returns the estimated duration and parallelism of a round.
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
