use jiff::Timestamp;

use super::*;
use crate::{
    event::{Revision, RunStack, StepFinished, StepKind},
    model::{
        Action, Block, Changes, EngineName, Failure, GateRecord, Guard, Outcome, ResourceChange, RunId,
        RunVerb, SkipReason, StackReport,
    },
};

/// Makes an event; each comes one second after the one before.
pub(in crate::journal) fn event(seq: u64, kind: EventKind) -> Event {
    Event { seq, at: Timestamp::from_second(1_700_000_000 + i64::try_from(seq).unwrap()).unwrap(), kind }
}

/// Makes the start of a run over stacks without dependencies.
pub(in crate::journal) fn run_started(stacks: &[&str]) -> EventKind {
    let stack = |name: &&str| RunStack {
        stack: name.parse().unwrap(),
        path: format!("infra/{name}"),
        workspace: Some("staging".to_owned()),
        engine: EngineName::Tofu,
        why: vec!["named".to_owned()],
        needs: vec![],
    };
    EventKind::RunStarted {
        format: crate::journal::FORMAT,
        run: RunId::new(1_700_000_000_000, 7),
        command: RunVerb::Deploy,
        environment: "staging".parse().unwrap(),
        user: None,
        host: None,
        resumes: None,
        changed_since: None,
        stacks: stacks.iter().map(stack).collect(),
    }
}

fn id(name: &str) -> StackId {
    name.parse().unwrap()
}

fn creates(count: usize) -> Changes {
    let change = |n| ResourceChange::new(format!("terraform_data.a[{n}]").parse().unwrap(), Action::Create);
    Changes { resources: (0..count).map(change).collect(), ..Changes::default() }
}

fn block() -> Block {
    Block::new(Guard::Workspace, "no such workspace")
}

fn started(stack: &str, step: StepKind) -> EventKind {
    EventKind::StepStarted { stack: id(stack), step }
}

fn finished(stack: &str, step: StepKind, outcome: Outcome) -> EventKind {
    EventKind::StepFinished(Box::new(StepFinished {
        engine_version: Some("1.12.6".to_owned()),
        duration: 0.5,
        processes: 2,
        engine_exit_code: Some(2),
        log: Some("logs/a.log".into()),
        plan: (step == StepKind::Plan).then(|| "plans/a.tfplan".into()),
        ..StepFinished::new(id(stack), step, outcome)
    }))
}

fn report(kinds: Vec<EventKind>) -> Result<Report, FoldError> {
    fold(&(0..).zip(kinds).map(|(seq, kind)| event(seq, kind)).collect::<Vec<_>>())
}

fn only_stack(kinds: Vec<EventKind>) -> StackReport {
    let mut all = vec![run_started(&["a"])];
    all.extend(kinds);
    report(all).unwrap().stacks.remove(0)
}

#[test]
fn a_deploy_adds_up_its_steps() {
    let report = report(vec![
        run_started(&["a", "b"]),
        started("a", StepKind::Plan),
        finished("a", StepKind::Plan, Outcome::Changed(creates(3))),
        started("b", StepKind::Plan),
        finished("b", StepKind::Plan, Outcome::Clean),
        EventKind::WorkingTree(Revision { commit: Some("abc".to_owned()), branch: None, dirty: Some(false) }),
        EventKind::Reviewed {
            round: 1,
            digest: "9f2c".to_owned(),
            totals: creates(3).counts(),
            blocked: vec![],
        },
        EventKind::Decided(Decision::Confirmed { by: "--confirm".to_owned(), record: GateRecord::default() }),
        started("a", StepKind::Apply),
        EventKind::EngineStarted {
            stack: id("a"),
            step: StepKind::Apply,
            pid: 7,
            start_time: None,
            boot_id: None,
        },
        finished("a", StepKind::Apply, Outcome::Applied(creates(2))),
        EventKind::RunFinished { status: ExitStatus::Success },
    ])
    .unwrap();
    assert_eq!((report.result, report.exit_code), (Some(RunResult::Applied), Some(0)));
    assert!((report.duration - 11.0).abs() < 1e-9, "{}", report.duration);
    assert_eq!(report.digest.as_deref(), Some("9f2c"));
    assert_eq!((report.commit.as_deref(), report.dirty), (Some("abc"), Some(false)));
    assert_eq!(report.totals.create, 2);
    assert_eq!(report.engine.unwrap().version, "1.12.6");
    let [a, b] = &report.stacks[..] else { panic!("two stacks") };
    assert_eq!((a.result, b.result), (Some(StackResult::Applied), Some(StackResult::Clean)));
    assert_eq!((a.processes, a.resources.len(), a.plan.as_deref()), (4, 2, None));
    assert!((a.duration - 1.0).abs() < 1e-9);
    assert_eq!(a.started, Some(event(1, started("a", StepKind::Plan)).at));
    assert_eq!(b.plan.as_deref(), Some("plans/a.tfplan"));
}

#[test]
fn a_killed_run_and_its_running_stack_have_no_result() {
    let report = report(vec![
        run_started(&["a", "b"]),
        finished("a", StepKind::Plan, Outcome::Changed(creates(1))),
        started("a", StepKind::Apply),
    ])
    .unwrap();
    assert_eq!((report.result, report.exit_code), (None, None));
    assert_eq!((report.stacks[0].result, report.stacks[1].result), (None, None));
    assert_eq!(report.stacks[0].changes.create, 1);
}

#[test]
fn each_outcome_has_its_result_and_its_reason() {
    let failure = Failure {
        file: Some("main.tf".to_owned()),
        line: Some(3),
        ..Failure::new(FailureKind::Config, "broken").with_detail("more")
    };
    let block = block();
    let because = |stack: &StackReport| stack.because.as_ref().map(ToString::to_string);
    let skipped = |because| Outcome::Skipped { because };
    let cases: [(Outcome, StackResult, Option<&str>); 10] = [
        (Outcome::Clean, StackResult::Clean, None),
        (Outcome::Changed(creates(1)), StackResult::Changes, None),
        (Outcome::Applied(creates(1)), StackResult::Applied, None),
        (Outcome::Failed(failure.clone()), StackResult::Failed, None),
        (skipped(SkipReason::Dependency(id("b"))), StackResult::Skipped, Some("b")),
        (skipped(SkipReason::FailFast(id("c"))), StackResult::Skipped, Some("c")),
        (skipped(SkipReason::NotConfirmed), StackResult::Skipped, None),
        (Outcome::Deferred { because: id("b") }, StackResult::Deferred, Some("b")),
        (Outcome::Refused(vec![block.clone()]), StackResult::Refused, None),
        (Outcome::Interrupted, StackResult::Interrupted, None),
    ];
    for (outcome, result, reason) in cases {
        let stack = only_stack(vec![EventKind::StackSkipped { stack: id("a"), outcome: outcome.clone() }]);
        assert_eq!(stack.result, Some(result), "{outcome:?}");
        assert_eq!(because(&stack).as_deref(), reason, "{outcome:?}");
        assert_eq!(stack.blocked, if result == StackResult::Refused { vec![block.clone()] } else { vec![] });
        let begun: &[&str] = if result == StackResult::Interrupted { &["not started"] } else { &[] };
        assert_eq!(stack.notes, begun, "{outcome:?}");
        let error = stack.error.map(|e| (e.kind, e.summary, e.detail, e.file, e.line));
        let expected = (FailureKind::Config, "broken".into(), "more".into(), Some("main.tf".into()), Some(3));
        assert_eq!(error, (result == StackResult::Failed).then_some(expected));
    }
}

#[test]
fn planned_changes_stay_in_the_report_of_a_failed_stack() {
    let failed = Outcome::Failed(Failure::new(FailureKind::Provider, "boom"));
    let stack = only_stack(vec![
        finished("a", StepKind::Plan, Outcome::Changed(creates(2))),
        finished("a", StepKind::Apply, failed),
    ]);
    assert_eq!(
        (stack.result, stack.changes.create, stack.resources.len()),
        (Some(StackResult::Failed), 2, 2)
    );
}

#[test]
fn a_second_plan_replaces_the_first() {
    let failed = Outcome::Failed(Failure::new(FailureKind::Network, "unreachable"));
    for first in [
        Outcome::Changed(creates(2)),
        Outcome::Deferred { because: id("b") },
        Outcome::Refused(vec![block()]),
        failed,
    ] {
        let stack = only_stack(vec![
            finished("a", StepKind::Plan, first),
            finished("a", StepKind::Plan, Outcome::Clean),
        ]);
        let counts = (stack.changes.create, stack.resources.len(), stack.blocked.len());
        assert_eq!((stack.result, counts), (Some(StackResult::Clean), (0, 0, 0)));
        assert_eq!((stack.because, stack.error), (None, None));
    }
}

/// Checks every exit status with every mixture of stack results against the table of [`result`].
#[test]
fn the_result_of_a_run_follows_the_table() {
    use StackResult::{Applied, Changes, Clean, Deferred, Failed, Interrupted, Refused, Skipped};
    let all = [Clean, Changes, Applied, Failed, Skipped, Deferred, Refused, Interrupted];
    for mixture in 0_u32..1 << all.len() {
        let stacks: Vec<StackResult> = all
            .iter()
            .enumerate()
            .filter(|(bit, _)| mixture & (1 << bit) != 0)
            .map(|(_, stack)| *stack)
            .collect();
        let of = |status| run_result(status, stacks.iter().copied());
        let success = if stacks.contains(&Applied) {
            RunResult::Applied
        } else if stacks.iter().any(|stack| matches!(stack, Changes | Deferred)) {
            RunResult::Changes
        } else {
            RunResult::Clean
        };
        assert_eq!(of(ExitStatus::Success), success, "{stacks:?}");
        assert_eq!(of(ExitStatus::Differences), RunResult::Changes);
        assert_eq!(of(ExitStatus::Locked), RunResult::Locked);
        assert_eq!(of(ExitStatus::Refused), RunResult::Refused);
        assert_eq!(of(ExitStatus::Interrupted(15)), RunResult::Interrupted);
        for failed in [ExitStatus::Configuration, ExitStatus::Failed, ExitStatus::Usage, ExitStatus::Defect] {
            assert_eq!(of(failed), RunResult::Failed);
        }
    }
}

#[test]
fn a_refusal_at_the_gate_is_the_error_of_the_run() {
    let because = "`staging` needs a confirmation".to_owned();
    let detail = "plan 9f2c would change 1 resource".to_owned();
    let refused = EventKind::Decided(Decision::Refused {
        because: because.clone(),
        detail: detail.clone(),
        next: Some("envctl deploy staging --confirm=9f2c".to_owned()),
        record: GateRecord::default(),
    });
    let report =
        report(vec![run_started(&["a"]), refused, EventKind::RunFinished { status: ExitStatus::Refused }])
            .unwrap();
    assert_eq!(report.result, Some(RunResult::Refused));
    assert_eq!(report.next.as_deref(), Some("envctl deploy staging --confirm=9f2c"));
    let error = report.error.unwrap();
    assert_eq!((error.kind, error.summary, error.detail), (FailureKind::Refused, because, detail));
}

#[test]
fn events_in_a_wrong_order_are_errors() {
    assert_eq!(report(vec![]), Err(FoldError::NotStarted));
    assert_eq!(report(vec![started("a", StepKind::Plan)]), Err(FoldError::NotStarted));
    assert_eq!(report(vec![run_started(&["a"]), run_started(&["a"])]), Err(FoldError::StartedTwice(1)));
    let unknown = report(vec![run_started(&["a"]), started("b", StepKind::Plan)]);
    assert_eq!(unknown, Err(FoldError::UnknownStack { seq: 1, stack: id("b") }));
}
