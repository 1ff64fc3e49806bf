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
    /// The step succeeded: steps that wait for it may start.
    Succeeded,
    /// Dependents are skipped; with `--fail-fast` every step that has not started is.
    Failed,
    /// Dependents are deferred as well; other steps are not affected.
    Deferred,
}

/// Reason why a step will not start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// The step at this index, a direct or indirect dependency, failed or was deferred.
    ///
    /// Always a step that ran, never a skipped step in between; if several failed, the step that ended first.
    Dependency(usize),
    /// The step at this index failed first, with `--fail-fast`.
    FailFast(usize),
}

/// State of all steps of one round; a step is identified by its index in the list.
#[derive(Debug, Clone)]
pub struct Scheduler {
    steps: Vec<ScheduledStep>,
    groups: Vec<Group>,
    free_jobs_by_class: Vec<usize>,
    free_jobs: usize,
    unfinished: usize,
    fail_fast: bool,
}

#[derive(Debug, Clone)]
struct ScheduledStep {
    dependents: Vec<usize>,
    missing_needs: usize,
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
        let mut nodes = link_dependents(steps)?;
        for index in dependents_first(steps, &nodes)? {
            let after = nodes[index].dependents.iter().map(|next| nodes[*next].remaining).max();
            nodes[index].remaining = steps[index].weight.saturating_add(after.unwrap_or_default());
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
        for (classes, index) in groups {
            by_place[index].classes = classes;
        }
        let mut scheduler = Self {
            unfinished: nodes.len(),
            steps: nodes,
            groups: by_place,
            free_jobs_by_class: limits.classes.values().map(|limit| limit.get()).collect(),
            free_jobs: limits.jobs.get(),
            fail_fast: limits.fail_fast,
        };
        for index in 0..scheduler.steps.len() {
            scheduler.mark_ready(index);
        }
        Ok(scheduler)
    }

    /// Returns the index of the step to start now, if one may start, and marks it as running.
    pub fn start_next(&mut self) -> Option<usize> {
        if self.free_jobs == 0 {
            return None;
        }
        let has_room = |group: &&Group| group.classes.iter().all(|class| self.free_jobs_by_class[*class] > 0);
        let &(_, index) =
            self.groups.iter().filter(has_room).filter_map(|group| group.ready.first()).min()?;
        let node = &mut self.steps[index];
        node.state = StepState::Running;
        self.free_jobs -= 1;
        let group = &mut self.groups[node.group];
        group.ready.remove(&(Reverse(node.remaining), index));
        for class in &group.classes {
            self.free_jobs_by_class[*class] -= 1;
        }
        Some(index)
    }

    /// Marks a running step as ended; returns the steps that will not start because of it, in the given order.
    ///
    /// Each step is returned at most once. A step that is not running is ignored.
    pub fn finish(&mut self, index: usize, ending: Ending) -> Vec<(usize, Skip)> {
        if self.steps[index].state != StepState::Running {
            return Vec::new();
        }
        self.mark_ended(index);
        self.free_jobs += 1;
        for class in &self.groups[self.steps[index].group].classes {
            self.free_jobs_by_class[*class] += 1;
        }
        if ending == Ending::Succeeded {
            for next in self.steps[index].dependents.clone() {
                self.steps[next].missing_needs -= 1;
                self.mark_ready(next);
            }
            return Vec::new();
        }
        let mut skipped: Vec<(usize, Skip)> = Vec::new();
        let mut below = self.steps[index].dependents.clone();
        while let Some(next) = below.pop() {
            if self.steps[next].state == StepState::Waiting {
                self.mark_ended(next);
                skipped.push((next, Skip::Dependency(index)));
                below.extend(&self.steps[next].dependents);
            }
        }
        if ending == Ending::Failed && self.fail_fast {
            skipped.extend(self.stop().into_iter().map(|other| (other, Skip::FailFast(index))));
        }
        skipped.sort_unstable_by_key(|(index, _)| *index);
        skipped
    }

    /// Stops all steps that have not started; returns them in the given order.
    pub fn stop(&mut self) -> Vec<usize> {
        let waiting: Vec<usize> =
            (0..self.steps.len()).filter(|index| self.steps[*index].state == StepState::Waiting).collect();
        for index in &waiting {
            self.mark_ended(*index);
        }
        waiting
    }

    /// Returns true if every step has ended.
    pub fn is_done(&self) -> bool {
        self.unfinished == 0
    }

    fn mark_ready(&mut self, index: usize) {
        let node = &self.steps[index];
        if node.state == StepState::Waiting && node.missing_needs == 0 {
            self.groups[node.group].ready.insert((Reverse(node.remaining), index));
        }
    }

    fn mark_ended(&mut self, index: usize) {
        let node = &mut self.steps[index];
        node.state = StepState::Ended;
        self.unfinished -= 1;
        self.groups[node.group].ready.remove(&(Reverse(node.remaining), index));
    }
}

fn link_dependents(steps: &[Step]) -> Result<Vec<ScheduledStep>, ScheduleError> {
    let mut places = BTreeMap::new();
    for (index, step) in steps.iter().enumerate() {
        if places.insert(&step.stack, index).is_some() {
            return Err(ScheduleError::DuplicateStep(step.stack.clone()));
        }
    }
    let empty = || ScheduledStep {
        dependents: Vec::new(),
        missing_needs: 0,
        remaining: Duration::ZERO,
        group: 0,
        state: StepState::Waiting,
    };
    let mut nodes: Vec<ScheduledStep> = steps.iter().map(|_| empty()).collect();
    for (index, step) in steps.iter().enumerate() {
        for need in step.needs.iter().collect::<BTreeSet<_>>() {
            let Some(before) = places.get(need) else {
                return Err(ScheduleError::UnknownNeed { stack: step.stack.clone(), need: need.clone() });
            };
            nodes[*before].dependents.push(index);
            nodes[index].missing_needs += 1;
        }
    }
    Ok(nodes)
}

/// Returns all indices so that each step comes after its dependents.
fn dependents_first(steps: &[Step], nodes: &[ScheduledStep]) -> Result<Vec<usize>, ScheduleError> {
    let mut missing_needs: Vec<usize> = nodes.iter().map(|node| node.missing_needs).collect();
    let mut order: Vec<usize> = (0..nodes.len()).filter(|index| missing_needs[*index] == 0).collect();
    let mut at = 0;
    while let Some(index) = order.get(at) {
        for next in nodes[*index].dependents.clone() {
            missing_needs[next] -= 1;
            if missing_needs[next] == 0 {
                order.push(next);
            }
        }
        at += 1;
    }
    if order.len() < nodes.len() {
        let stuck = (0..nodes.len())
            .filter(|index| missing_needs[*index] > 0)
            .map(|index| steps[index].stack.clone());
        return Err(ScheduleError::Cycle(stuck.collect()));
    }
    order.reverse();
    Ok(order)
}

#[cfg(test)]
mod tests;
