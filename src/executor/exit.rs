//! Exit status of a verb, from the outcomes of its stacks.
//!
//! The worst of these wins, in the order of [`ExitStatus`]: defect > interrupted > failed > configuration > refused >
//! locked > differences > success.
//!
//! | outcome or circumstance                         | status                                       |
//! |-------------------------------------------------|----------------------------------------------|
//! | a signal of the user, `Interrupted`             | interrupted, by the first signal             |
//! | `Failed`, kind `defect`                         | defect                                       |
//! | `Failed`, kind `config`                         | configuration; failed if an apply has begun  |
//! | `Failed`, kind `locked`                         | locked; failed if anything was applied       |
//! | `Failed`, kind `refused`                        | refused                                      |
//! | `Failed`, any other kind                        | failed                                       |
//! | a journal that could not be written             | failed                                       |
//! | `Refused`, a refusal at the gate, `NotConfirmed`| refused                                      |
//! | `Changed`, `Deferred`                           | success; differences if they are asked about |
//! | `Clean`, `Applied`, any other `Skipped`         | success: the cause of a skip counts itself   |
//!
//! So 4 means that every failure is one of configuration, and 4 and 5 both promise that nothing was applied.

use super::INT;
use crate::model::{ExitStatus, FailureKind, Outcome, SkipReason};

/// Facts of a run that affect its exit status in addition to the outcomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a row of the table, set by somebody else")]
pub struct RunFacts {
    /// True if planned changes lead to an exit status of their own: `--detailed-exitcode`, `drift`.
    pub detailed: bool,
    /// First signal of the user.
    pub signal: Option<u8>,
    /// True if the gate refused to let the run go on.
    pub refused: bool,
    /// True if the journal could not be written.
    pub unrecorded: bool,
    /// True if an engine process was started that may have changed a state.
    pub mutated: bool,
}

/// Returns the exit status of a verb after these outcomes.
pub fn exit_status<'a>(outcomes: impl IntoIterator<Item = &'a Outcome>, facts: RunFacts) -> ExitStatus {
    let outcomes: Vec<&Outcome> = outcomes.into_iter().collect();
    let applied = outcomes.iter().any(|outcome| matches!(outcome, Outcome::Applied(_)));
    let of_run = [
        facts.signal.map(ExitStatus::Interrupted),
        facts.refused.then_some(ExitStatus::Refused),
        facts.unrecorded.then_some(ExitStatus::Failed),
    ];
    let of_stacks = outcomes.into_iter().map(|outcome| stack_status(outcome, applied, facts));
    of_run.into_iter().flatten().chain(of_stacks).max().unwrap_or(ExitStatus::Success)
}

fn stack_status(outcome: &Outcome, applied: bool, facts: RunFacts) -> ExitStatus {
    match outcome {
        Outcome::Failed(failure) => match failure.kind {
            FailureKind::Defect => ExitStatus::Defect,
            FailureKind::Refused => ExitStatus::Refused,
            FailureKind::Config if !applied && !facts.mutated => ExitStatus::Configuration,
            FailureKind::Locked if !applied => ExitStatus::Locked,
            FailureKind::Config
            | FailureKind::Locked
            | FailureKind::Auth
            | FailureKind::Throttled
            | FailureKind::Network
            | FailureKind::Provider
            | FailureKind::State
            | FailureKind::Engine
            | FailureKind::Unknown => ExitStatus::Failed,
        },
        Outcome::Refused(_) | Outcome::Skipped { because: SkipReason::NotConfirmed } => ExitStatus::Refused,
        Outcome::Changed(_) | Outcome::Deferred { .. } if facts.detailed => ExitStatus::Differences,
        Outcome::Interrupted => ExitStatus::Interrupted(facts.signal.unwrap_or(INT)),
        Outcome::Clean
        | Outcome::Applied(_)
        | Outcome::Changed(_)
        | Outcome::Deferred { .. }
        | Outcome::Skipped {
            because: SkipReason::Dependency(_) | SkipReason::FailFast(_) | SkipReason::Excluded(_),
        } => ExitStatus::Success,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Changes, Failure, StackId};

    fn failed(kind: FailureKind) -> Outcome {
        Outcome::Failed(Failure::new(kind, "boom"))
    }

    fn stack() -> StackId {
        "a".parse().unwrap()
    }

    const DETAILED: RunFacts =
        RunFacts { detailed: true, signal: None, refused: false, unrecorded: false, mutated: false };

    /// Returns each outcome with its exit code: alone, beside an applied stack, and without `detailed`.
    fn table() -> Vec<(Outcome, [u8; 3])> {
        use FailureKind::{
            Auth, Config, Defect, Engine, Locked, Network, Provider, Refused, State, Throttled, Unknown,
        };
        let skipped = |because| Outcome::Skipped { because };
        let mut table = vec![
            (Outcome::Clean, [0, 0, 0]),
            (Outcome::Changed(Changes::default()), [2, 2, 0]),
            (Outcome::Deferred { because: stack() }, [2, 2, 0]),
            (Outcome::Applied(Changes::default()), [0, 0, 0]),
            (skipped(SkipReason::Dependency(stack())), [0, 0, 0]),
            (skipped(SkipReason::FailFast(stack())), [0, 0, 0]),
            (skipped(SkipReason::Excluded("why".to_owned())), [0, 0, 0]),
            (skipped(SkipReason::NotConfirmed), [3, 3, 3]),
            (Outcome::Refused(vec![]), [3, 3, 3]),
            (Outcome::Interrupted, [130, 130, 130]),
            (failed(Config), [4, 1, 4]),
            (failed(Locked), [5, 1, 5]),
            (failed(Refused), [3, 3, 3]),
            (failed(Defect), [70, 70, 70]),
        ];
        for kind in [Auth, Throttled, Network, Provider, State, Engine, Unknown] {
            table.push((failed(kind), [1, 1, 1]));
        }
        table
    }

    #[test]
    fn each_outcome_has_the_status_of_the_table() {
        let applied = Outcome::Applied(Changes::default());
        for (outcome, [alone, beside_applied, plain]) in table() {
            assert_eq!(exit_status([&outcome], DETAILED).code(), alone, "{outcome:?}");
            assert_eq!(exit_status([&applied, &outcome], DETAILED).code(), beside_applied, "{outcome:?}");
            assert_eq!(exit_status([&outcome], RunFacts::default()).code(), plain, "{outcome:?}");
        }
    }

    /// Pairs of outcomes that change no state: the worse one decides, in either order.
    #[test]
    fn the_worst_outcome_decides_the_exit_status() {
        let worst_first = [70, 130, 1, 4, 3, 5, 2, 0];
        let rank = |code: u8| worst_first.iter().position(|c| *c == code).unwrap();
        let table: Vec<_> = table().into_iter().filter(|(o, _)| !matches!(o, Outcome::Applied(_))).collect();
        for (one, [code_one, ..]) in &table {
            for (two, [code_two, ..]) in &table {
                let worse = if rank(*code_one) <= rank(*code_two) { *code_one } else { *code_two };
                assert_eq!(exit_status([one, two], DETAILED).code(), worse, "{one:?} {two:?}");
            }
        }
    }

    #[test]
    fn refusals_and_signals_of_the_run_affect_the_exit_status() {
        let with = |facts: RunFacts, outcomes: &[Outcome]| exit_status(outcomes, facts).code();
        let signal = RunFacts { signal: Some(15), ..RunFacts::default() };
        assert_eq!(with(signal, &[Outcome::Applied(Changes::default())]), 143);
        assert_eq!(with(signal, &[Outcome::Interrupted, failed(FailureKind::Provider)]), 143);
        assert_eq!(with(signal, &[failed(FailureKind::Defect)]), 70);
        let refused = RunFacts { refused: true, ..RunFacts::default() };
        assert_eq!(with(refused, &[Outcome::Changed(Changes::default())]), 3);
        let unrecorded = RunFacts { unrecorded: true, ..RunFacts::default() };
        assert_eq!(with(unrecorded, &[Outcome::Clean]), 1);
        assert_eq!(with(unrecorded, &[Outcome::Refused(vec![])]), 1);
        assert_eq!(with(RunFacts::default(), &[]), 0);
        let mutated = RunFacts { mutated: true, ..RunFacts::default() };
        assert_eq!(
            with(mutated, &[failed(FailureKind::Config)]),
            1,
            "an apply may have done half of its work"
        );
        assert_eq!(with(mutated, &[failed(FailureKind::Locked)]), 5);
    }
}
