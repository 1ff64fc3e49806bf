//! Fold of the events of one stack into its part of the report.

use jiff::Timestamp;

use crate::{
    event::{RunStack, StepFinished, StepKind},
    model::{
        Block, ChangeCounts, Changes, ErrorReport, Failure, Guard, Outcome, ResourceReport, SkipReason,
        StackNote, StackReport, StackResult,
    },
};

/// Part of one stack in a report that is updated by events.
#[derive(Debug, Clone)]
pub(super) struct StackFold {
    report: StackReport,
    engine_version: Option<String>,
}

impl StackFold {
    /// Makes the part of a stack without events.
    pub(super) fn new(stack: &RunStack) -> Self {
        let report = StackReport {
            stack: stack.stack.clone(),
            path: stack.path.clone(),
            workspace: stack.workspace.clone(),
            result: None,
            changes: ChangeCounts::default(),
            resources: Vec::new(),
            actions: Vec::new(),
            engine: stack.engine,
            reused: false,
            why: stack.why.clone(),
            tentative: false,
            incomplete: false,
            blocked: Vec::new(),
            because: None,
            attempts: 0,
            engine_exit_code: None,
            started: None,
            duration: 0.0,
            processes: 0,
            log: None,
            plan: None,
            error: None,
            notes: Vec::new(),
        };
        Self { report, engine_version: None }
    }

    /// Returns the part of the report.
    pub(super) fn report(&self) -> &StackReport {
        &self.report
    }

    /// Returns the version of the engine that ran; `None` before a step has reported it.
    pub(super) fn engine_version(&self) -> Option<&str> {
        self.engine_version.as_deref()
    }

    /// Records the start of a step: until it ends the stack has no result.
    pub(super) fn record_start(&mut self, at: Timestamp) {
        self.report.result = None;
        self.report.started.get_or_insert(at);
    }

    /// Records that a guard refuses the stack's plan.
    pub(super) fn record_refusal(&mut self, block: &Block) {
        self.report.blocked.push(block.clone());
    }

    /// Records the end of a step.
    ///
    /// Durations and processes add up over the steps; other fields hold the values of the last step.
    pub(super) fn record_step_end(&mut self, step: &StepFinished) {
        let report = &mut self.report;
        report.duration += step.duration;
        report.processes += step.processes;
        report.reused = step.reused;
        // An apply is tried once, which would hide the attempts of its plan.
        report.attempts = match step.step {
            StepKind::Plan => step.attempts,
            StepKind::Apply => report.attempts.max(step.attempts),
        };
        report.engine_exit_code = step.engine_exit_code;
        report.log = step.log.as_ref().map(ToString::to_string).or(report.log.take());
        report.plan = step.plan.as_ref().map(ToString::to_string);
        report.tentative = step.tentative;
        report.incomplete = step.incomplete;
        // Notes of a new plan replace earlier ones; notes of an apply are added to those of its plan.
        if step.step == StepKind::Plan {
            // Except for the reason of a new plan: the one before went beyond what was confirmed.
            let beyond = report.blocked.iter().filter(|block| block.guard == Guard::Replan);
            report.notes =
                beyond.map(|block| format!("beyond what was confirmed: {}", block.message)).collect();
        }
        report.notes.extend(step.notes.iter().cloned());
        if step.engine_version.is_some() {
            self.engine_version.clone_from(&step.engine_version);
        }
        self.record_outcome(&step.outcome);
    }

    /// Records that the stack ended without a step.
    pub(super) fn record_skip(&mut self, outcome: &Outcome) {
        if matches!(outcome, Outcome::Interrupted) {
            self.report.notes.push(StackNote::NotStarted.to_string());
        }
        self.record_outcome(outcome);
    }

    /// Records an outcome: of a finished step, or of a stack without a step.
    ///
    /// Planned changes stay in the report when the stack is then not applied, or fails.
    fn record_outcome(&mut self, outcome: &Outcome) {
        let report = &mut self.report;
        report.blocked.clear();
        report.because = None;
        report.error = None;
        report.result = Some(match outcome {
            Outcome::Clean => {
                set_changes(report, &Changes::default());
                StackResult::Clean
            }
            Outcome::Changed(changes) => {
                set_changes(report, changes);
                StackResult::Changes
            }
            Outcome::Applied(changes) => {
                set_changes(report, changes);
                StackResult::Applied
            }
            Outcome::Failed(failure) => {
                report.error = Some(error_report(failure));
                StackResult::Failed
            }
            Outcome::Skipped { because } => {
                report.because = because.stack().cloned();
                if let SkipReason::Excluded(why) = because {
                    report.notes.push(StackNote::LeftOut(why).to_string());
                }
                StackResult::Skipped
            }
            Outcome::Deferred { because } => {
                report.because = Some(because.clone());
                StackResult::Deferred
            }
            Outcome::Refused(blocks) => {
                report.blocked.clone_from(blocks);
                StackResult::Refused
            }
            Outcome::Interrupted => StackResult::Interrupted,
        });
    }
}

fn set_changes(report: &mut StackReport, changes: &Changes) {
    report.changes = changes.counts();
    report.actions.clone_from(&changes.actions);
    report.resources = changes
        .resources
        .iter()
        .filter(|change| change.is_change())
        .map(|change| ResourceReport {
            address: change.address.clone(),
            action: change.action.as_str().to_owned(),
            previous_address: change.previous_address.clone(),
            importing: change.importing,
        })
        .collect();
}

fn error_report(failure: &Failure) -> ErrorReport {
    ErrorReport {
        kind: failure.kind,
        summary: failure.summary.clone(),
        detail: failure.detail.clone(),
        file: failure.file.clone(),
        line: failure.line,
    }
}
