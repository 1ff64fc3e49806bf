//! Decision which runs are old enough to be removed; no file is read or removed here.

use std::{collections::BTreeSet, time::Duration};

use jiff::{SignedDuration, Timestamp};

use crate::model::{EnvName, RunId};

/// Run that may be removed.
#[derive(Debug, Clone)]
pub struct GcCandidate {
    /// Id of the run.
    pub id: RunId,
    /// Environment of the run; `None` when its journal cannot be read.
    pub environment: Option<EnvName>,
    /// Start of the run.
    pub started: Timestamp,
    /// True if envctl or an engine of the run is still running.
    pub running: bool,
    /// True if the run can be resumed: it began to change its environment and did not succeed.
    pub unfinished: bool,
    /// True if the run may have changed its environment.
    pub changing: bool,
    /// Earlier run that this run resumed; `None` if it resumed none.
    pub resumes: Option<RunId>,
}

/// Decision about a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The run is removed.
    Remove,
    /// The run is too young, or among the newest of its environment.
    Young,
    /// The run is old enough, but still running.
    Running,
    /// The run is old enough, but `runs resume` needs it.
    Resumable,
}

/// Decides about each run; `runs` is sorted newest first. The newest `keep` runs of each environment stay regardless
/// of age. Without `older_than` all others are removed.
pub fn verdicts(
    runs: &[GcCandidate],
    now: Timestamp,
    older_than: Option<Duration>,
    keep: usize,
) -> Vec<Verdict> {
    let needed = needed_for_resumption(runs);
    let mut newer: Vec<&Option<EnvName>> = Vec::new();
    let verdict = |run: &GcCandidate, place: usize| {
        let age = now.duration_since(run.started);
        let young = older_than
            .is_some_and(|limit| age < SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX));
        if young || place < keep {
            Verdict::Young
        } else if run.running {
            Verdict::Running
        } else if needed.contains(&run.id) {
            Verdict::Resumable
        } else {
            Verdict::Remove
        }
    };
    let mut found = Vec::with_capacity(runs.len());
    for run in runs {
        let place = newer.iter().filter(|other| ***other == run.environment).count();
        newer.push(&run.environment);
        found.push(verdict(run, place));
    }
    found
}

/// Returns the runs that a resumption needs: for each environment the newest run that changed it, if unfinished, and
/// the runs that this one resumed in turn.
fn needed_for_resumption(runs: &[GcCandidate]) -> BTreeSet<RunId> {
    let mut environments = BTreeSet::new();
    let mut needed = BTreeSet::new();
    for run in runs {
        let newest = run.changing && environments.insert(run.environment.clone());
        if (newest && run.unfinished) || needed.contains(&run.id) {
            needed.insert(run.id.clone());
            needed.extend(run.resumes.clone());
        }
    }
    needed
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;

    /// Makes a run that started this number of days ago.
    fn run(days: u64, environment: &str) -> GcCandidate {
        let started = Timestamp::from_second(i64::try_from(1_000 * DAY - days * DAY).unwrap()).unwrap();
        GcCandidate {
            id: RunId::new(u64::try_from(started.as_millisecond()).unwrap(), 1),
            environment: Some(environment.parse().unwrap()),
            started,
            running: false,
            unfinished: false,
            changing: true,
            resumes: None,
        }
    }

    fn verdicts(runs: &[GcCandidate], days: Option<u64>, keep: usize) -> Vec<Verdict> {
        let now = Timestamp::from_second(i64::try_from(1_000 * DAY).unwrap()).unwrap();
        super::verdicts(runs, now, days.map(|days| Duration::from_secs(days * DAY)), keep)
    }

    #[test]
    fn old_runs_are_removed_except_the_newest_of_each_environment() {
        use Verdict::{Remove, Young};
        let runs = [run(1, "staging"), run(40, "staging"), run(50, "production"), run(60, "production")];
        assert_eq!(verdicts(&runs, Some(30), 0), [Young, Remove, Remove, Remove]);
        assert_eq!(verdicts(&runs, Some(30), 1), [Young, Remove, Young, Remove]);
        assert_eq!(verdicts(&runs, None, 1), [Young, Remove, Young, Remove]);
        assert_eq!(verdicts(&runs, Some(45), 0), [Young, Young, Remove, Remove]);
    }

    #[test]
    fn running_and_resumable_runs_stay() {
        use Verdict::{Remove, Resumable, Running};
        let running = GcCandidate { running: true, ..run(40, "production") };
        let first = run(70, "staging");
        let second = GcCandidate { unfinished: true, resumes: Some(first.id.clone()), ..run(50, "staging") };
        let other = GcCandidate { unfinished: true, ..run(60, "staging") };
        let runs = [running, second, other, first];
        assert_eq!(verdicts(&runs, Some(30), 0), [Running, Resumable, Remove, Resumable]);
    }

    #[test]
    fn a_failed_run_before_a_later_change_is_removed() {
        let runs = [run(40, "staging"), GcCandidate { unfinished: true, ..run(50, "staging") }];
        assert_eq!(verdicts(&runs, Some(30), 0), [Verdict::Remove; 2]);
    }
}
