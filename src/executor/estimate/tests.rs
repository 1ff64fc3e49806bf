use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc};

use proptest::prelude::*;

use super::*;
use crate::{event::StepKind, model::StackId};

fn id(place: usize) -> StackId {
    format!("s{place}").parse().unwrap()
}

fn step(place: usize, needs: &[usize], milliseconds: u64) -> Step {
    let needs = needs.iter().map(|need| id(*need)).collect();
    Step { weight: Duration::from_millis(milliseconds), ..Step::new(id(place), StepKind::Plan, needs) }
}

fn of(milliseconds: u64, at_once: usize) -> Forecast {
    Forecast { time: Duration::from_millis(milliseconds), at_once }
}

fn jobs(count: usize) -> Limits {
    Limits::jobs(NonZeroUsize::new(count).unwrap())
}

#[test]
fn steps_and_a_chain_on_two_jobs_take_half_of_their_total_time() {
    let alone = (0..9).map(|place| step(place, &[], 100));
    let steps: Vec<Step> = alone.chain((9..12).map(|place| step(place, &[place - 1], 100))).collect();
    assert_eq!(forecast(&steps, &jobs(2)).unwrap(), of(600, 2), "1200 ms of work, two at once");
}

#[test]
fn a_class_with_its_own_limit_takes_longer() {
    let class: Arc<str> = "terraform".into();
    let mut steps: Vec<Step> = (0..4).map(|place| step(place, &[], 100)).collect();
    for limited in &mut steps[..3] {
        limited.classes = vec![Arc::clone(&class)];
    }
    let limits = Limits { classes: BTreeMap::from([(class, NonZeroUsize::MIN)]), ..jobs(4) };
    assert_eq!(forecast(&steps, &jobs(4)).unwrap(), of(100, 4));
    assert_eq!(
        forecast(&steps, &limits).unwrap(),
        of(300, 2),
        "one of the class beside the one that is free of it"
    );
}

#[test]
fn an_empty_round_takes_no_time_and_a_huge_weight_does_not_overflow() {
    assert_eq!(forecast(&[], &jobs(2)).unwrap(), of(0, 0));
    let mut steps = [step(0, &[], 1), step(1, &[0], 1)];
    steps[0].weight = Duration::MAX;
    assert_eq!(forecast(&steps, &jobs(1)).unwrap().time, Duration::MAX);
    assert!(forecast(&[step(0, &[0], 1)], &jobs(1)).is_err());
}

/// Generates steps whose dependencies come before them.
fn graphs() -> impl Strategy<Value = (Vec<Step>, Vec<Vec<usize>>)> {
    let one = |place: usize| {
        (prop::collection::btree_set(0..place.max(1), 0..=place.min(3)), 1_u64..1000)
            .prop_map(move |(needs, weight)| (place, needs.into_iter().collect::<Vec<_>>(), weight))
    };
    (1_usize..40).prop_flat_map(move |count| (0..count).map(one).collect::<Vec<_>>()).prop_map(|parts| {
        let steps = parts.iter().map(|(place, needs, weight)| step(*place, needs, *weight)).collect();
        (steps, parts.into_iter().map(|(_, needs, _)| needs).collect())
    })
}

proptest! {
    /// A schedule is never shorter than its longest path or than its evenly shared work, and list scheduling guarantees
    /// at most (2 − 1/j) times the larger of the two.
    #[test]
    fn an_estimate_lies_within_the_bounds_of_list_scheduling((steps, needs) in graphs(), count in 1_u32..6) {
        let Forecast { time: took, at_once } = forecast(&steps, &jobs(count as usize)).unwrap();
        prop_assert!((1..=count as usize).contains(&at_once), "{at_once}");
        let total: Duration = steps.iter().map(|step| step.weight).sum();
        let mut ends: Vec<Duration> = Vec::new();
        for (step, needs) in steps.iter().zip(&needs) {
            ends.push(step.weight + needs.iter().map(|need| ends[*need]).max().unwrap_or_default());
        }
        let longest = ends.into_iter().max().unwrap_or_default();
        let bound = longest.max(total / count);
        prop_assert!(took >= longest && took * count >= total, "{took:?} is too short");
        prop_assert!(took * count <= bound * (2 * count - 1) + Duration::from_micros(1), "{took:?} is too long");
    }
}
