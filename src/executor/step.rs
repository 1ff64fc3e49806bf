//! The steps of a run as the scheduler takes them.

use std::{
    collections::{BTreeMap, BTreeSet},
    num::NonZeroUsize,
    sync::Arc,
    time::Duration,
};

use crate::{event::StepKind, model::StackId};

/// One step of one stack and what it has to wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Whose.
    pub stack: StackId,
    /// Which.
    pub kind: StepKind,
    /// The stacks whose steps of the same round come first.
    pub needs: Vec<StackId>,
    /// How long it probably takes: what it took in earlier runs.
    pub weight: Duration,
    /// What it is counted under beside the jobs of the run: its engine, its folder. Those without a limit do not count.
    pub classes: Vec<Arc<str>>,
}

impl Step {
    /// A step that waits for these, with the weight of a step that nobody has measured.
    pub fn new(stack: StackId, kind: StepKind, needs: Vec<StackId>) -> Self {
        Self { stack, kind, needs, weight: Duration::from_secs(1), classes: Vec::new() }
    }
}

/// How many steps may run at once, and what a failure stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Over the whole run.
    pub jobs: NonZeroUsize,
    /// Of one class.
    pub classes: BTreeMap<Arc<str>, NonZeroUsize>,
    /// Whether the first failure keeps all that has not started from starting, not only what depends on it.
    pub fail_fast: bool,
}

impl Limits {
    /// So many steps at once; a failure stops only what depends on it.
    pub fn jobs(jobs: NonZeroUsize) -> Self {
        Self { jobs, classes: BTreeMap::new(), fail_fast: false }
    }
}

/// The needs of the kept stacks among themselves, where those in between are left out.
///
/// When `c` needs `b`, `b` needs `a`, and `b` has nothing to apply, `c` still has to wait for `a`.
pub fn through(
    needs: &BTreeMap<StackId, Vec<StackId>>,
    kept: &BTreeSet<StackId>,
) -> BTreeMap<StackId, Vec<StackId>> {
    let direct = |stack: &StackId| needs.get(stack).into_iter().flatten();
    kept.iter()
        .map(|stack| {
            let (mut found, mut seen) = (Vec::new(), BTreeSet::new());
            let mut open: Vec<&StackId> = direct(stack).rev().collect();
            while let Some(need) = open.pop() {
                if !seen.insert(need) {
                    continue;
                }
                if kept.contains(need) {
                    found.push(need.clone());
                } else {
                    open.extend(direct(need).rev());
                }
            }
            (stack.clone(), found)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(name: &str) -> StackId {
        name.parse().unwrap()
    }

    #[test]
    fn a_stack_waits_through_those_that_have_nothing_to_do() {
        let needs = [("d", vec!["c", "b"]), ("c", vec!["b", "a"]), ("b", vec!["a"]), ("a", vec![])];
        let needs: BTreeMap<_, Vec<_>> = needs
            .into_iter()
            .map(|(stack, needs)| (id(stack), needs.into_iter().map(id).collect()))
            .collect();
        let kept: BTreeSet<_> = ["a", "d"].map(id).into();
        let result = through(&needs, &kept);
        assert_eq!(result, BTreeMap::from([(id("a"), vec![]), (id("d"), vec![id("a")])]));
        let all: BTreeSet<_> = needs.keys().cloned().collect();
        assert_eq!(through(&needs, &all), needs);
    }
}
