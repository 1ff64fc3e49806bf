use std::{num::NonZeroUsize, sync::Arc};

use proptest::prelude::*;

use super::*;
use crate::event::StepKind;

fn id(place: usize) -> StackId {
    format!("s{place}").parse().unwrap()
}

fn step(place: usize, needs: &[usize], weight: u64) -> Step {
    let needs = needs.iter().map(|need| id(*need)).collect();
    Step { weight: Duration::from_millis(weight), ..Step::new(id(place), StepKind::Plan, needs) }
}

fn limits(jobs: usize) -> Limits {
    Limits::jobs(NonZeroUsize::new(jobs).unwrap())
}

fn start_all(scheduler: &mut Scheduler) -> Vec<usize> {
    std::iter::from_fn(|| scheduler.start_next()).collect()
}

#[test]
fn the_longest_remaining_path_starts_first() {
    // Step 0 is long; step 1 is short, but the first of a longer chain.
    let steps = [step(0, &[], 5), step(1, &[], 1), step(2, &[1], 9), step(3, &[], 5)];
    let mut scheduler = Scheduler::new(&steps, &limits(2)).unwrap();
    assert_eq!(start_all(&mut scheduler), [1, 0]);
    scheduler.finish(1, Ending::Succeeded);
    assert_eq!(start_all(&mut scheduler), [2]);
}

#[test]
fn a_class_has_its_own_limit_and_delays_no_other_step() {
    let class: Arc<str> = "terraform".into();
    let mut steps = [step(0, &[], 9), step(1, &[], 8), step(2, &[], 1)];
    steps[0].classes = vec![class.clone()];
    steps[1].classes = vec![class.clone(), "without a limit".into()];
    let limits = Limits { classes: BTreeMap::from([(class, NonZeroUsize::MIN)]), ..limits(3) };
    let mut scheduler = Scheduler::new(&steps, &limits).unwrap();
    assert_eq!(start_all(&mut scheduler), [0, 2]);
    scheduler.finish(0, Ending::Succeeded);
    assert_eq!(start_all(&mut scheduler), [1]);
}

#[test]
fn with_fail_fast_nothing_starts_after_a_failure() {
    let steps = [step(0, &[], 9), step(1, &[0], 1), step(2, &[], 1), step(3, &[], 8)];
    let limits = Limits { fail_fast: true, ..limits(2) };
    let mut scheduler = Scheduler::new(&steps, &limits).unwrap();
    assert_eq!(start_all(&mut scheduler), [0, 3]);
    assert_eq!(scheduler.finish(0, Ending::Failed), [(1, Skip::Dependency(0)), (2, Skip::FailFast(0))]);
    assert!(start_all(&mut scheduler).is_empty());
    assert!(!scheduler.is_done());
    assert!(scheduler.finish(3, Ending::Succeeded).is_empty());
    assert!(scheduler.is_done());
}

#[test]
fn a_deferral_stops_only_what_is_downstream_even_with_fail_fast() {
    let steps = [step(0, &[], 9), step(1, &[0], 1), step(2, &[], 1)];
    let mut scheduler = Scheduler::new(&steps, &Limits { fail_fast: true, ..limits(1) }).unwrap();
    assert_eq!(start_all(&mut scheduler), [0]);
    assert_eq!(scheduler.finish(0, Ending::Deferred), [(1, Skip::Dependency(0))]);
    assert_eq!(start_all(&mut scheduler), [2]);
}

#[test]
fn after_a_stop_only_running_steps_end() {
    let steps = [step(0, &[], 1), step(1, &[0], 1), step(2, &[], 1)];
    let mut scheduler = Scheduler::new(&steps, &limits(1)).unwrap();
    assert_eq!(start_all(&mut scheduler), [0]);
    assert_eq!(scheduler.stop(), [1, 2]);
    assert!(scheduler.stop().is_empty());
    scheduler.finish(0, Ending::Succeeded);
    assert!(start_all(&mut scheduler).is_empty());
    assert!(scheduler.is_done());
}

#[test]
fn steps_without_an_order_are_refused() {
    let refused = |steps: &[Step]| Scheduler::new(steps, &limits(1)).unwrap_err();
    assert_eq!(refused(&[step(0, &[], 1), step(0, &[], 1)]), ScheduleError::DuplicateStep(id(0)));
    assert_eq!(refused(&[step(0, &[7], 1)]), ScheduleError::UnknownNeed { stack: id(0), need: id(7) });
    let cycle = refused(&[step(0, &[2], 1), step(1, &[], 1), step(2, &[0], 1)]);
    assert_eq!(cycle, ScheduleError::Cycle(vec![id(0), id(2)]));
    assert_eq!(cycle.to_string(), "stacks wait for each other: `s0`, `s2`");
}

/// Generated graph whose edges go from later to earlier indices, with weights and failing steps.
#[derive(Debug, Clone)]
struct Estate {
    steps: Vec<Step>,
    needs: Vec<BTreeSet<usize>>,
    failing: Vec<bool>,
}

fn estates() -> impl Strategy<Value = Estate> {
    let one = |place: usize| {
        let needs = prop::collection::btree_set(0..place.max(1), 0..3.min(place + 1));
        (needs, 1_u64..20, prop::bool::weighted(0.15)).prop_map(move |(needs, weight, fails)| {
            (if place == 0 { BTreeSet::new() } else { needs }, weight, fails)
        })
    };
    (1_usize..25).prop_flat_map(move |count| (0..count).map(one).collect::<Vec<_>>()).prop_map(|parts| {
        let mut estate = Estate { steps: vec![], needs: vec![], failing: vec![] };
        for (place, (needs, weight, fails)) in parts.into_iter().enumerate() {
            estate.steps.push(step(place, &needs.iter().copied().collect::<Vec<_>>(), weight));
            estate.needs.push(needs);
            estate.failing.push(fails);
        }
        estate
    })
}

/// Trace of a run in simulated time.
#[derive(Debug, Default, PartialEq)]
struct Trace {
    started: Vec<usize>,
    ended: Vec<usize>,
    skipped: BTreeMap<usize, usize>,
    widest: usize,
    length: Duration,
}

fn simulate(estate: &Estate, limits: &Limits, failures: bool) -> Trace {
    let mut scheduler = Scheduler::new(&estate.steps, limits).unwrap();
    let mut trace = Trace::default();
    let mut running: BTreeSet<(Duration, usize)> = BTreeSet::new();
    let mut now = Duration::ZERO;
    while !scheduler.is_done() {
        while let Some(place) = scheduler.start_next() {
            for need in &estate.needs[place] {
                assert!(trace.ended.contains(need), "{place} started before {need} had ended");
                assert!(!(failures && estate.failing[*need]), "{place} started although {need} failed");
            }
            trace.started.push(place);
            running.insert((now + estate.steps[place].weight, place));
        }
        trace.widest = trace.widest.max(running.len());
        for (class, limit) in &limits.classes {
            let at_once = running.iter().filter(|(_, place)| estate.steps[*place].classes.contains(class));
            assert!(at_once.count() <= limit.get(), "too many of {class}");
        }
        let (at, place) = running.pop_first().expect("something runs while not all is done");
        now = at;
        let ending = if failures && estate.failing[place] { Ending::Failed } else { Ending::Succeeded };
        trace.ended.push(place);
        for (skipped, why) in scheduler.finish(place, ending) {
            let (Skip::Dependency(cause) | Skip::FailFast(cause)) = why;
            assert_eq!(trace.skipped.insert(skipped, cause), None, "{skipped} ended twice");
        }
    }
    trace.length = now;
    trace
}

impl Estate {
    fn depends_on(&self, place: usize, other: usize) -> bool {
        self.needs[place].iter().any(|need| *need == other || self.depends_on(*need, other))
    }

    fn critical_path(&self) -> Duration {
        let mut ends: Vec<Duration> = Vec::new();
        for (step, needs) in self.steps.iter().zip(&self.needs) {
            ends.push(step.weight + needs.iter().map(|need| ends[*need]).max().unwrap_or_default());
        }
        ends.into_iter().max().unwrap_or_default()
    }
}

proptest! {
    #[test]
    fn each_step_ends_once_within_the_limit_and_equal_input_gives_equal_order(estate in estates(), jobs in 1_usize..5) {
        let trace = simulate(&estate, &limits(jobs), true);
        let mut seen: Vec<usize> = trace.started.iter().chain(trace.skipped.keys()).copied().collect();
        seen.sort_unstable();
        prop_assert_eq!(seen, (0..estate.steps.len()).collect::<Vec<_>>());
        prop_assert!(trace.widest <= jobs);
        prop_assert_eq!(&trace, &simulate(&estate, &limits(jobs), true));
    }

    /// A step may have several classes, for example a Terragrunt unit that runs under two engines.
    #[test]
    fn no_class_is_over_its_limit_and_something_always_runs(
        mut estate in estates(),
        classes in prop::collection::vec(0_usize..4, 25),
        (jobs, x, y) in (1_usize..6, 1_usize..4, 1_usize..4),
    ) {
        let names: [Arc<str>; 2] = ["x".into(), "y".into()];
        for (step, of) in estate.steps.iter_mut().zip(classes) {
            step.classes = (0..2).filter(|bit| of >> bit & 1 == 1).map(|bit| Arc::clone(&names[bit])).collect();
        }
        let numbers = [x, y].map(|limit| NonZeroUsize::new(limit).unwrap());
        let limits = Limits { classes: names.into_iter().zip(numbers).collect(), ..limits(jobs) };
        let trace = simulate(&estate, &limits, false);
        prop_assert_eq!(trace.ended.len(), estate.steps.len());
        prop_assert!(trace.widest <= jobs);
        // A ready step starts as soon as its limits allow: at every time at least one step runs.
        let total: Duration = estate.steps.iter().map(|step| step.weight).sum();
        prop_assert!(trace.length <= total);
    }

    #[test]
    fn only_dependents_of_a_failed_step_are_skipped(estate in estates(), jobs in 1_usize..5) {
        let trace = simulate(&estate, &limits(jobs), true);
        for place in 0..estate.steps.len() {
            let failed_above: Vec<usize> =
                trace.ended.iter().copied().filter(|other| estate.failing[*other] && estate.depends_on(place, *other)).collect();
            prop_assert_eq!(trace.skipped.get(&place), failed_above.first(), "step {}", place);
        }
    }

    #[test]
    fn with_fail_fast_nothing_starts_once_something_failed(estate in estates(), jobs in 1_usize..5) {
        let trace = simulate(&estate, &Limits { fail_fast: true, ..limits(jobs) }, true);
        let before_failure = trace.ended.iter().position(|place| estate.failing[*place]);
        if let Some(position) = before_failure {
            prop_assert!(trace.started.len() <= position + jobs);
        }
    }

    /// Graham's bound for any list schedule: `m · length ≤ total + (m − 1) · critical path`.
    #[test]
    fn a_run_is_no_longer_than_list_scheduling_allows(estate in estates(), jobs in 1_u32..5) {
        let trace = simulate(&estate, &limits(jobs as usize), false);
        let total: Duration = estate.steps.iter().map(|step| step.weight).sum();
        prop_assert!(trace.length * jobs <= total + estate.critical_path() * (jobs - 1));
    }
}
