//! Fold of the events of a run into its report; used for a live run and for a journal.

use std::collections::BTreeMap;

use super::{FoldError, stack_fold::StackFold};
use crate::{
    event::{Decision, Event, EventKind, StepKind},
    model::{
        ChangeCounts, EngineReport, ErrorReport, ExitStatus, Expected, FailureKind, Report, RunResult,
        StackId, StackResult,
    },
    ui::shell_word,
};

/// Version of the report format.
const REPORT_FORMAT: u32 = 1;

/// Report that is updated by each event.
#[derive(Debug, Clone, Default)]
pub struct Fold {
    run: Option<Report>,
    stacks: Vec<StackFold>,
    stack_indices: BTreeMap<StackId, usize>,
    status: Option<ExitStatus>,
}

/// Folds all events of a run into its report.
pub fn fold<'a>(events: impl IntoIterator<Item = &'a Event>) -> Result<Report, FoldError> {
    let mut fold = Fold::default();
    for event in events {
        fold.push(event)?;
    }
    fold.report().ok_or(FoldError::NotStarted)
}

impl Fold {
    /// Updates the report by one event.
    pub fn push(&mut self, event: &Event) -> Result<(), FoldError> {
        if let EventKind::RunStarted { .. } = &event.kind {
            return self.start(event);
        }
        let run = self.run.as_mut().ok_or(FoldError::NotStarted)?;
        run.duration = event.at.duration_since(run.started).as_secs_f64().max(0.0);
        match &event.kind {
            EventKind::WorkingTree(revision) => {
                run.commit.clone_from(&revision.commit);
                run.dirty = revision.dirty;
            }
            EventKind::Expected { step, expected } => record_estimate(run, *step, *expected),
            EventKind::StepStarted { stack, .. } => self.stack(event.seq, stack)?.record_start(event.at),
            EventKind::StepFinished(finished) => {
                self.stack(event.seq, &finished.stack)?.record_step_end(finished);
            }
            EventKind::StackSkipped { stack, outcome } => self.stack(event.seq, stack)?.record_skip(outcome),
            EventKind::Reviewed { round, digest, blocked, .. } => {
                run.round = Some(*round);
                run.digest = Some(digest.clone());
                let of_run = blocked.iter().filter(|found| found.stack.is_none());
                run.blocked = of_run.map(|found| found.block.clone()).collect();
                for found in blocked {
                    if let Some(stack) = &found.stack {
                        self.stack(event.seq, stack)?.record_refusal(&found.block);
                    }
                }
            }
            EventKind::Decided(decision) => {
                run.error = gate_refusal(decision);
                run.next = match decision {
                    Decision::Refused { next, .. } => next.clone(),
                    Decision::Confirmed { .. } => None,
                };
                run.notes.extend(
                    confirmation_notes(decision)
                        .into_iter()
                        .filter(|note| !run.notes.contains(note))
                        .collect::<Vec<_>>(),
                );
            }
            EventKind::RunFinished { status } => self.status = Some(*status),
            EventKind::RunStarted { .. }
            | EventKind::EngineStarted { .. }
            | EventKind::HookStarted { .. }
            | EventKind::HookEnded { .. }
            | EventKind::Progress { .. }
            | EventKind::InterruptRequested { .. } => {}
        }
        Ok(())
    }

    /// Returns the report so far; `None` before the run has started. Result and exit code are `None` until the run
    /// ends.
    pub fn report(&self) -> Option<Report> {
        let mut report = self.run.clone()?;
        report.stacks = self.stacks.iter().map(|stack| stack.report().clone()).collect();
        for stack in &report.stacks {
            report.totals += stack.changes;
        }
        let applied = report.stacks.iter().filter(|stack| stack.result == Some(StackResult::Applied));
        report.applied = applied.map(|stack| stack.stack.clone()).collect();
        report.engine = self.stacks.iter().find_map(|stack| {
            let version = stack.engine_version()?.to_owned();
            Some(EngineReport { name: stack.report().engine, version })
        });
        report.result =
            self.status.map(|status| run_result(status, report.stacks.iter().filter_map(|s| s.result)));
        report.exit_code = self.status.map(ExitStatus::code);
        Some(report)
    }

    fn start(&mut self, event: &Event) -> Result<(), FoldError> {
        let EventKind::RunStarted { run, command, environment, changed_since, stacks, .. } = &event.kind
        else {
            return Err(FoldError::NotStarted);
        };
        if self.run.is_some() {
            return Err(FoldError::StartedTwice(event.seq));
        }
        self.stack_indices =
            stacks.iter().enumerate().map(|(place, stack)| (stack.stack.clone(), place)).collect();
        self.stacks = stacks.iter().map(StackFold::new).collect();
        self.run = Some(Report {
            format: REPORT_FORMAT,
            run: run.clone(),
            command: *command,
            environment: environment.clone(),
            result: None,
            exit_code: None,
            started: event.at,
            duration: 0.0,
            commit: None,
            dirty: None,
            digest: None,
            round: None,
            applied: Vec::new(),
            next: None,
            engine: None,
            totals: ChangeCounts::default(),
            eta: None,
            changed_since: changed_since.clone(),
            stacks: Vec::new(),
            blocked: Vec::new(),
            notes: Vec::new(),
            error: None,
        });
        Ok(())
    }

    fn stack(&mut self, seq: u64, stack: &StackId) -> Result<&mut StackFold, FoldError> {
        let place = self.stack_indices.get(stack).copied();
        place
            .and_then(|place| self.stacks.get_mut(place))
            .ok_or_else(|| FoldError::UnknownStack { seq, stack: stack.clone() })
    }
}

/// Records an estimate. The first one of each kind of step stays: later rounds count against it.
fn record_estimate(run: &mut Report, step: StepKind, expected: Expected) {
    let eta = run.eta.get_or_insert_default();
    let of_step = match step {
        StepKind::Plan => &mut eta.plan,
        StepKind::Apply => &mut eta.apply,
    };
    of_step.get_or_insert(expected);
}

/// Returns the refusal of the gate as the error of the run.
fn gate_refusal(decision: &Decision) -> Option<ErrorReport> {
    match decision {
        Decision::Confirmed { .. } => None,
        Decision::Refused { because, detail, .. } => Some(ErrorReport {
            kind: FailureKind::Refused,
            summary: because.clone(),
            detail: detail.clone(),
            file: None,
            line: None,
        }),
    }
}

/// Returns notes for the user on how the confirmation was passed: exceptions and answered checklist items.
fn confirmation_notes(decision: &Decision) -> Vec<String> {
    let Decision::Confirmed { record, .. } = decision else { return Vec::new() };
    let allowed =
        record.allowed.iter().map(|allow| format!("let through by `--allow {}`", shell_word(allow)));
    let acked = record.acked.iter().map(|id| format!("the checklist's `{id}` was answered with yes"));
    allowed.chain(acked).collect()
}

/// Returns the result of a whole run, from its exit status and the results of its stacks.
///
/// | exit status                                | some stack applied | else some changed or deferred | else    |
/// |--------------------------------------------|--------------------|-------------------------------|---------|
/// | success                                    | applied            | changes                       | clean   |
/// | differences                                | changes            | changes                       | changes |
/// | failed, configuration, usage, defect       | failed             | failed                        | failed  |
/// | refused                                    | refused            | refused                       | refused |
/// | locked                                     | locked             | locked                        | locked  |
/// | interrupted                                | interrupted        | interrupted                   | interrupted |
fn run_result(status: ExitStatus, stacks: impl Iterator<Item = StackResult>) -> RunResult {
    match status {
        ExitStatus::Success => success_result(&stacks.collect::<Vec<_>>()),
        ExitStatus::Differences => RunResult::Changes,
        ExitStatus::Locked => RunResult::Locked,
        ExitStatus::Refused => RunResult::Refused,
        ExitStatus::Configuration | ExitStatus::Failed | ExitStatus::Usage | ExitStatus::Defect => {
            RunResult::Failed
        }
        ExitStatus::Interrupted(_) => RunResult::Interrupted,
    }
}

fn success_result(stacks: &[StackResult]) -> RunResult {
    if stacks.contains(&StackResult::Applied) {
        RunResult::Applied
    } else if stacks.contains(&StackResult::Changes) || stacks.contains(&StackResult::Deferred) {
        RunResult::Changes
    } else {
        RunResult::Clean
    }
}

#[cfg(test)]
pub(super) mod tests;
