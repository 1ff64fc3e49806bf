//! Scheduler of a round: pure logic without a clock or threads.
//!
//! Among the steps that are ready the one with the longest remaining path starts first, ties in the given order. A
//! failure skips all steps that depend on it.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::{Limits, Step};
use crate::model::StackId;

/// Reason why steps cannot be put in an order: a defect of the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ScheduleError {
    /// A stack has two steps in one round.
    #[error("stack `{0}` has two steps in one round")]
    DuplicateStep(StackId),
    /// A step waits for a stack without a step in this round.
    #[error("stack `{stack}` waits for `{need}`, which has no step in this round")]
    UnknownNeed {
        /// Stack of the waiting step.
        stack: StackId,
        /// Stack that it waits for.
        need: StackId,
    },
    /// Steps wait for each other.
    #[error("stacks wait for each other: {}", .0.iter().map(|s| format!("`{s}`")).collect::<Vec<_>>().join(", "))]
    Cycle(Vec<StackId>),
}

/// Result of a step, as far as it affects other steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Dependents may start.
    Succeeded,
    /// Dependents are skipped; with `--fail-fast` every step that has not started is.
    Failed,
    /// Dependents are deferred as well; other steps are not affected.
    Deferred,
}

/// Reason why a step will not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// A direct or indirect dependency, the step at this index, failed or was deferred.
    ///
    /// Always the step that really ran, never a skipped one in between; of two the one that ended first.
    Dependency(usize),
    /// The step at this index failed first, with `--fail-fast`.
    FailFast(usize),
}

/// State of all steps of one round; a step is identified by its index in the list.
#[derive(Debug, Clone)]
pub struct Scheduler {
    steps: Vec<ScheduledStep>,
    groups: Vec<Group>,
    free_in_class: Vec<usize>,
    free: usize,
    open: usize,
    fail_fast: bool,
}

#[derive(Debug, Clone)]
struct ScheduledStep {
    dependents: Vec<usize>,
    missing: usize,
    remaining: Duration,
    group: usize,
    state: StepState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StepState {
    Waiting,
    Running,
    Ended,
}

/// Ready steps with the same classes, the one with the longest remaining path first.
#[derive(Debug, Clone)]
struct Group {
    classes: Vec<usize>,
    ready: BTreeSet<(Reverse<Duration>, usize)>,
}

impl Scheduler {
    /// Returns a scheduler over steps; their order decides ties.
    pub fn new(steps: &[Step], limits: &Limits) -> Result<Self, ScheduleError> {
        let mut nodes = link(steps)?;
        for place in backwards(steps, &nodes)? {
            let after = nodes[place].dependents.iter().map(|next| nodes[*next].remaining).max();
            nodes[place].remaining = steps[place].weight.saturating_add(after.unwrap_or_default());
        }
        let class_places: BTreeMap<_, usize> = limits.classes.keys().zip(0..).collect();
        let mut groups: BTreeMap<Vec<usize>, usize> = BTreeMap::new();
        for (node, step) in nodes.iter_mut().zip(steps) {
            let classes: BTreeSet<usize> =
                step.classes.iter().filter_map(|class| class_places.get(class).copied()).collect();
            let next = groups.len();
            node.group = *groups.entry(classes.into_iter().collect()).or_insert(next);
        }
        let mut by_place: Vec<Group> = Vec::new();
        by_place.resize_with(groups.len(), || Group { classes: Vec::new(), ready: BTreeSet::new() });
        for (classes, place) in groups {
            by_place[place].classes = classes;
        }
        let mut scheduler = Self {
            open: nodes.len(),
            steps: nodes,
            groups: by_place,
            free_in_class: limits.classes.values().map(|limit| limit.get()).collect(),
            free: limits.jobs.get(),
            fail_fast: limits.fail_fast,
        };
        for place in 0..scheduler.steps.len() {
            scheduler.offer(place);
        }
        Ok(scheduler)
    }

    /// Returns the index of the step to start now, if one may start, and marks it as running.
    pub fn start_next(&mut self) -> Option<usize> {
        if self.free == 0 {
            return None;
        }
        let has_room = |group: &&Group| group.classes.iter().all(|class| self.free_in_class[*class] > 0);
        let &(_, place) =
            self.groups.iter().filter(has_room).filter_map(|group| group.ready.first()).min()?;
        let node = &mut self.steps[place];
        node.state = StepState::Running;
        self.free -= 1;
        let group = &mut self.groups[node.group];
        group.ready.remove(&(Reverse(node.remaining), place));
        for class in &group.classes {
            self.free_in_class[*class] -= 1;
        }
        Some(place)
    }

    /// Marks a running step as ended; returns the steps that will not start because of it, in the given order.
    ///
    /// Each step is returned at most once. A step that is not running is ignored.
    pub fn finish(&mut self, place: usize, ending: Ending) -> Vec<(usize, Skip)> {
        if self.steps[place].state != StepState::Running {
            return Vec::new();
        }
        self.end(place);
        self.free += 1;
        for class in &self.groups[self.steps[place].group].classes {
            self.free_in_class[*class] += 1;
        }
        if ending == Ending::Succeeded {
            for next in self.steps[place].dependents.clone() {
                self.steps[next].missing -= 1;
                self.offer(next);
            }
            return Vec::new();
        }
        let mut skipped: Vec<(usize, Skip)> = Vec::new();
        let mut below = self.steps[place].dependents.clone();
        while let Some(next) = below.pop() {
            if self.steps[next].state == StepState::Waiting {
                self.end(next);
                skipped.push((next, Skip::Dependency(place)));
                below.extend(&self.steps[next].dependents);
            }
        }
        if ending == Ending::Failed && self.fail_fast {
            skipped.extend(self.stop().into_iter().map(|other| (other, Skip::FailFast(place))));
        }
        skipped.sort_unstable_by_key(|(place, _)| *place);
        skipped
    }

    /// Stops all steps that have not started; returns them in the given order.
    pub fn stop(&mut self) -> Vec<usize> {
        let waiting: Vec<usize> =
            (0..self.steps.len()).filter(|place| self.steps[*place].state == StepState::Waiting).collect();
        for place in &waiting {
            self.end(*place);
        }
        waiting
    }

    /// Returns true if every step has ended.
    pub fn is_done(&self) -> bool {
        self.open == 0
    }

    fn offer(&mut self, place: usize) {
        let node = &self.steps[place];
        if node.state == StepState::Waiting && node.missing == 0 {
            self.groups[node.group].ready.insert((Reverse(node.remaining), place));
        }
    }

    fn end(&mut self, place: usize) {
        let node = &mut self.steps[place];
        node.state = StepState::Ended;
        self.open -= 1;
        self.groups[node.group].ready.remove(&(Reverse(node.remaining), place));
    }
}

fn link(steps: &[Step]) -> Result<Vec<ScheduledStep>, ScheduleError> {
    let mut places = BTreeMap::new();
    for (place, step) in steps.iter().enumerate() {
        if places.insert(&step.stack, place).is_some() {
            return Err(ScheduleError::DuplicateStep(step.stack.clone()));
        }
    }
    let empty = || ScheduledStep {
        dependents: Vec::new(),
        missing: 0,
        remaining: Duration::ZERO,
        group: 0,
        state: StepState::Waiting,
    };
    let mut nodes: Vec<ScheduledStep> = steps.iter().map(|_| empty()).collect();
    for (place, step) in steps.iter().enumerate() {
        for need in step.needs.iter().collect::<BTreeSet<_>>() {
            let Some(before) = places.get(need) else {
                return Err(ScheduleError::UnknownNeed { stack: step.stack.clone(), need: need.clone() });
            };
            nodes[*before].dependents.push(place);
            nodes[place].missing += 1;
        }
    }
    Ok(nodes)
}

/// Returns all indices so that each step comes after its dependents.
fn backwards(steps: &[Step], nodes: &[ScheduledStep]) -> Result<Vec<usize>, ScheduleError> {
    let mut missing: Vec<usize> = nodes.iter().map(|node| node.missing).collect();
    let mut order: Vec<usize> = (0..nodes.len()).filter(|place| missing[*place] == 0).collect();
    let mut at = 0;
    while let Some(place) = order.get(at) {
        for next in nodes[*place].dependents.clone() {
            missing[next] -= 1;
            if missing[next] == 0 {
                order.push(next);
            }
        }
        at += 1;
    }
    if order.len() < nodes.len() {
        let stuck =
            (0..nodes.len()).filter(|place| missing[*place] > 0).map(|place| steps[place].stack.clone());
        return Err(ScheduleError::Cycle(stuck.collect()));
    }
    order.reverse();
    Ok(order)
}

#[cfg(test)]
mod tests;
