//! Weights of steps: their durations in earlier runs.

use std::time::Duration;

use super::{Limits, ScheduleError, Step, estimate::forecast};
use crate::{
    journal::{Durations, Task},
    model::Expected,
};

/// Weight of every step as long as no duration is known.
const UNKNOWN: Duration = Duration::from_secs(1);

/// Steps with their weights, and the share of known durations.
#[derive(Debug, Clone, Default)]
pub(super) struct WeightedSteps {
    pub(super) steps: Vec<Step>,
    /// Number of counted steps without a known duration.
    without_history: usize,
    /// Number of steps that take noticeable time.
    counted: usize,
    /// True if one of the steps has the default weight only.
    unknown: bool,
}

impl WeightedSteps {
    /// Adds a step that takes no noticeable time.
    pub(super) fn add_idle(&mut self, step: Step) {
        self.steps.push(Step { weight: Duration::ZERO, ..step });
    }

    /// Adds a step with its usual duration, or with the median duration of other stacks.
    pub(super) fn add(&mut self, step: Step, task: Task, durations: &Durations) {
        let known = durations.expected(&step.stack, task);
        let weight = known.or_else(|| durations.overall_median(task));
        self.counted += 1;
        self.without_history += usize::from(known.is_none());
        self.unknown |= weight.is_none();
        self.steps.push(Step { weight: weight.unwrap_or(UNKNOWN), ..step });
    }

    /// Returns the estimated duration; `None` when there is nothing to do.
    pub(super) fn expected(&self, limits: &Limits) -> Result<Option<Expected>, ScheduleError> {
        if self.counted == 0 {
            return Ok(None);
        }
        let forecast = forecast(&self.steps, limits)?;
        let seconds = (!self.unknown).then_some(forecast.time.as_secs_f64());
        Ok(Some(Expected {
            seconds,
            steps: self.counted,
            without_history: self.without_history,
            jobs: forecast.at_once,
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, num::NonZeroUsize};

    use camino::Utf8Path;

    use super::*;
    use crate::event::StepKind;

    fn durations(text: &str) -> Durations {
        let keep = tempfile::tempdir().unwrap();
        let file = Utf8Path::from_path(keep.path()).unwrap().join("staging.json");
        fs::write(&file, format!(r#"{{"format":1,"stacks":{text}}}"#)).unwrap();
        Durations::read(&file)
    }

    fn step(stack: &str, needs: &[&str]) -> Step {
        let needs = needs.iter().map(|need| need.parse().unwrap()).collect();
        Step::new(stack.parse().unwrap(), StepKind::Plan, needs)
    }

    fn two_at_once() -> Limits {
        Limits::jobs(NonZeroUsize::new(2).unwrap())
    }

    #[test]
    fn a_step_without_history_has_the_median_weight() {
        let known = durations(r#"{"a":{"plan":[100]},"b":{"plan":[700]},"c":{"plan":[300]}}"#);
        let mut weighed = WeightedSteps::default();
        weighed.add(step("a", &[]), Task::Plan, &known);
        weighed.add(step("new", &["a"]), Task::Plan, &known);
        assert_eq!(weighed.steps[1].weight, Duration::from_millis(300));
        let expected = weighed.expected(&two_at_once()).unwrap().unwrap();
        assert_eq!(
            expected,
            Expected { seconds: Some(0.4), steps: 2, without_history: 1, jobs: 1 },
            "one after the other"
        );
    }

    #[test]
    fn without_history_there_is_no_estimate_and_weights_are_equal() {
        let known = durations(r#"{"a":{"plan":[100]}}"#);
        let mut weighed = WeightedSteps::default();
        weighed.add(step("a", &[]), Task::Apply, &known);
        weighed.add(step("b", &[]), Task::Apply, &known);
        assert_eq!(weighed.steps[0].weight, weighed.steps[1].weight);
        let expected = weighed.expected(&two_at_once()).unwrap().unwrap();
        assert_eq!(expected, Expected { seconds: None, steps: 2, without_history: 2, jobs: 2 });
    }

    #[test]
    fn an_adopted_plan_takes_no_time_and_is_not_counted() {
        let known = durations(r#"{"a":{"plan":[100]}}"#);
        let mut weighed = WeightedSteps::default();
        weighed.add_idle(step("b", &[]));
        assert_eq!(weighed.expected(&two_at_once()).unwrap(), None);
        weighed.add(step("a", &["b"]), Task::Plan, &known);
        let expected = weighed.expected(&two_at_once()).unwrap().unwrap();
        assert_eq!(expected, Expected { seconds: Some(0.1), steps: 1, without_history: 0, jobs: 1 });
    }
}
