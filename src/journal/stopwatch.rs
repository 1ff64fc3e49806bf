//! Consumer that records the durations of a run's steps, for the order and the estimates of later runs.

use std::{io, time::Duration};

use camino::Utf8PathBuf;

use super::durations::{Task, add};
use crate::{
    event::{Consumer, Event, EventKind, StepFinished, StepKind},
    model::{Outcome, StackId},
};

/// Recorder of the durations of successful steps; writes once, when the run is over.
#[derive(Debug)]
pub struct Stopwatch {
    file: Utf8PathBuf,
    destroys: bool,
    adopts: bool,
    measured: Vec<(StackId, Task, Duration)>,
}

impl Stopwatch {
    /// Makes a recorder for the durations file of an environment.
    ///
    /// `destroys` is true for a run that destroys its stacks. A run that `adopts` takes plans over from an earlier run: its
    /// plan steps are not measured.
    pub fn new(file: Utf8PathBuf, destroys: bool, adopts: bool) -> Self {
        Self { file, destroys, adopts, measured: Vec::new() }
    }

    /// Returns the kind of step to measure; `None` for steps that failed, ran no process, or covered only part of a
    /// stack.
    fn task(&self, step: &StepFinished) -> Option<Task> {
        if step.processes == 0 || step.incomplete {
            return None;
        }
        match (step.step, &step.outcome) {
            (StepKind::Plan, Outcome::Clean | Outcome::Changed(_)) if !self.adopts => Some(Task::Plan),
            (StepKind::Apply, Outcome::Applied(_)) if self.destroys => Some(Task::Destroy),
            (StepKind::Apply, Outcome::Applied(_)) => Some(Task::Apply),
            _ => None,
        }
    }
}

impl Consumer for Stopwatch {
    fn name(&self) -> &'static str {
        "durations"
    }

    fn consume(&mut self, event: &Event) -> io::Result<()> {
        if let EventKind::StepFinished(step) = &event.kind
            && let Some(task) = self.task(step)
        {
            let took = Duration::try_from_secs_f64(step.duration).unwrap_or_default();
            self.measured.push((step.stack.clone(), task, took));
        }
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        add(&self.file, &self.measured)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use camino::Utf8Path;

    use super::super::fold::tests::event;
    use super::*;
    use crate::model::{Changes, Failure, FailureKind};

    fn step(stack: &str, step: StepKind, outcome: Outcome) -> StepFinished {
        let finished = StepFinished::new(stack.parse().unwrap(), step, outcome);
        StepFinished { duration: 0.25, processes: 1, ..finished }
    }

    fn written(destroys: bool, adopts: bool, steps: Vec<StepFinished>) -> String {
        let keep = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(keep.path()).unwrap().join("staging.json");
        let mut stopwatch = Stopwatch::new(file.clone(), destroys, adopts);
        for finished in steps {
            stopwatch.consume(&event(0, EventKind::StepFinished(Box::new(finished)))).unwrap();
        }
        assert!(!file.exists(), "written only at the end");
        stopwatch.finish().unwrap();
        fs::read_to_string(&file).unwrap_or_default()
    }

    #[test]
    fn only_complete_and_successful_steps_are_measured() {
        let changed = || Outcome::Changed(Changes::default());
        let failed = Outcome::Failed(Failure::new(FailureKind::Provider, "boom"));
        let steps = vec![
            step("clean", StepKind::Plan, Outcome::Clean),
            step("changed", StepKind::Plan, changed()),
            step("failed", StepKind::Plan, failed.clone()),
            step("failed", StepKind::Apply, failed),
            step("interrupted", StepKind::Apply, Outcome::Interrupted),
            step("again", StepKind::Apply, Outcome::Clean),
            StepFinished { incomplete: true, ..step("part", StepKind::Plan, changed()) },
            StepFinished { processes: 0, ..step("idle", StepKind::Plan, Outcome::Clean) },
            step("changed", StepKind::Apply, Outcome::Applied(Changes::default())),
        ];
        assert_eq!(
            written(false, false, steps),
            r#"{"format":1,"stacks":{"changed":{"plan":[250],"apply":[250]},"clean":{"plan":[250]}}}"#
        );
    }

    #[test]
    fn a_destroy_has_its_own_durations_and_an_adopted_plan_has_none() {
        let steps = || {
            let applied = Outcome::Applied(Changes::default());
            vec![step("a", StepKind::Plan, Outcome::Clean), step("a", StepKind::Apply, applied)]
        };
        let destroyed = written(true, false, steps());
        assert_eq!(destroyed, r#"{"format":1,"stacks":{"a":{"plan":[250],"destroy":[250]}}}"#);
        assert_eq!(written(false, true, steps()), r#"{"format":1,"stacks":{"a":{"apply":[250]}}}"#);
        assert_eq!(written(false, true, vec![]), "");
    }
}
