//! Worker: runs one step of one stack with its engine: the plan, and later the apply of exactly that plan file.

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use camino::Utf8Path;

use super::{
    apply::unfit,
    ended::Ended,
    outputs::Upstreams,
    replan::planned_again_later,
    run_context::{RunContext, WorkSet},
    running_step::RunningStep,
    stamps::Stamps,
    with_hooks::step_with_hooks,
    work::Work,
};
use crate::{
    engine::{Progress, Session},
    event::{StepFinished, StepKind},
    executor::{StackRuns, StepEnd, StepHandle, StepInput, StepRunner, mutex::lock},
    files,
    model::{Failure, FailureKind, InstanceId, Outcome, StackId},
};

/// Runner of steps on worker threads; one for a whole run.
pub struct Worker {
    run: RunContext,
    work: Arc<HashMap<StackId, Work>>,
    upstreams: Upstreams,
    /// Entity tags of the states (`ETag` of HTTP); requested only if plans may be reused.
    stamps: Stamps,
}

impl Worker {
    /// Returns a worker over the stacks of a run.
    pub fn new(run: RunContext, set: WorkSet) -> Self {
        let work = Arc::new(set.work);
        let stamps = Stamps::new(Arc::clone(&work), Arc::clone(&run.runner), Arc::clone(&run.clock));
        Self { run, work, upstreams: set.upstreams, stamps }
    }

    /// Returns the instances whose states only an exception of `--allow` accepted.
    pub fn accepted_states(&self) -> Vec<InstanceId> {
        let targets = self.work.values().map(|work| &work.target);
        targets
            .filter(|target| target.state_exception.is_taken())
            .map(|target| target.instance.clone())
            .collect()
    }

    /// Returns the planned stacks that must not be applied, with the reason; checked before the first apply.
    pub(in crate::executor) fn unfit(
        &self,
        stack_runs: &StackRuns,
        stacks: &[StackId],
    ) -> Vec<(StackId, Outcome)> {
        let reason = |stack: &StackId| {
            let (work, stack_run) = (self.work.get(stack)?, stack_runs.get(stack)?);
            Some((stack.clone(), unfit(&self.run, stack_runs.applied(), work, stack_run)?))
        };
        stacks.iter().filter_map(reason).collect()
    }
}

impl StepRunner for Worker {
    fn run(&self, stack: &StackId, kind: StepKind, input: StepInput, handle: &dyn StepHandle) -> StepEnd {
        let run = &self.run;
        let started = run.clock.now();
        let log = run.dir.log(stack);
        let processes = AtomicU32::new(0);
        let notes = Mutex::new(Vec::new());
        let observer = |progress: Progress| match progress {
            Progress::Started { pid, mutating } => {
                processes.fetch_add(1, Ordering::Relaxed);
                // The process already runs and has to be waited for; a failed record stops only later steps.
                if mutating && handle.engine_started(pid).is_err() {
                    handle.progress("its start could not be recorded".to_owned());
                }
            }
            Progress::Doing(text) => handle.progress(text),
            Progress::Note(note) => lock(&notes).push(note),
        };
        let session = Session { runner: &run.runner, log: &log, observer: &observer };
        let StepInput { stack_run, dependencies, applied } = input;
        let mut step = RunningStep {
            run,
            upstreams: &self.upstreams,
            stamps: &self.stamps,
            session: &session,
            handle,
            dependencies,
            applied,
            stack_run,
            has_applied: false,
        };
        let mut ended = match (self.work.get(stack), begin_log(&log, kind, &started.to_string())) {
            (None, _) => Ended::new(Outcome::Failed(Failure::new(
                FailureKind::Defect,
                "the stack is not part of the run",
            ))),
            (_, Err(error)) => {
                let summary = format!("cannot write the log `{log}`: {error}");
                Ended::new(Outcome::Failed(Failure::new(FailureKind::Unknown, summary)))
            }
            (Some(work), Ok(())) => {
                let mut ended = step_with_hooks(&mut step, kind, work);
                if kind == StepKind::Plan {
                    let later = planned_again_later(&mut step, work, &ended);
                    let incomplete = run.options.incomplete_note();
                    ended.notes.splice(0..0, incomplete.into_iter().chain(work.notes.iter().cloned()));
                    ended.notes.extend(later);
                }
                ended
            }
        };
        let RunningStep { stack_run, has_applied, .. } = step;
        ended.notes.append(&mut lock(&notes));
        let failed_with = match &ended.outcome {
            Outcome::Failed(failure) => failure.engine_exit_code,
            _ => None,
        };
        let version = self.work.get(stack).map(|w| w.engine.version().to_owned());
        let finished = StepFinished {
            stack: stack.clone(),
            step: kind,
            outcome: ended.outcome,
            engine_version: version,
            duration: run.clock.now().duration_since(started).as_secs_f64(),
            processes: processes.load(Ordering::Relaxed),
            attempts: ended.attempts,
            engine_exit_code: ended.exit_code.or(failed_with),
            log: Some(log),
            plan: ended.plan,
            tentative: ended.tentative,
            incomplete: ended.is_deferring || run.options.is_narrowed(),
            reused: ended.reused,
            notes: ended.notes,
        };
        StepEnd { finished, stack_run, has_applied }
    }
}

/// Writes a line with the name and time of a step to the stack's log.
fn begin_log(log: &Utf8Path, kind: StepKind, time: &str) -> io::Result<()> {
    let name = match kind {
        StepKind::Plan => "plan",
        StepKind::Apply => "apply",
    };
    io::Write::write_all(&mut files::append(log)?, format!("── {name} {time}\n").as_bytes())
}
