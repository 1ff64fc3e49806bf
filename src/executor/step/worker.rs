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
    apply::refusal_before_apply,
    outputs::Upstreams,
    ready_stack::ReadyStack,
    replan::replan_notes,
    run_context::{RunContext, RunStacks},
    state_etags::StateEtags,
    step_context::StepContext,
    step_result::StepResult,
    with_hooks::step_with_hooks,
};
use crate::{
    engine::{Progress, Session},
    event::{StepFinished, StepKind},
    executor::{StackRuns, StepEnd, StepHandle, StepInput, StepRunner},
    files,
    model::{Failure, FailureKind, InstanceId, Outcome, StackId},
    mutex::lock,
};

/// Runner of steps on worker threads; one for a whole run.
pub struct Worker {
    run: RunContext,
    ready: Arc<HashMap<StackId, ReadyStack>>,
    upstreams: Upstreams,
    /// Entity tags of the states (`ETag` of HTTP); requested only if plans may be reused.
    etags: StateEtags,
}

impl Worker {
    /// Returns a worker over the stacks of a run.
    pub fn new(run: RunContext, set: RunStacks) -> Self {
        let ready = Arc::new(set.stacks);
        let etags = StateEtags::new(Arc::clone(&ready), Arc::clone(&run.runner), Arc::clone(&run.clock));
        Self { run, ready, upstreams: set.upstreams, etags }
    }

    /// Returns the instances whose states only an exception of `--allow` accepted.
    pub fn accepted_states(&self) -> Vec<InstanceId> {
        let targets = self.ready.values().map(|ready| &ready.target);
        targets
            .filter(|target| target.state_exception.was_used())
            .map(|target| target.instance.clone())
            .collect()
    }

    /// Returns the planned stacks that must not be applied, with the reason; checked before the first apply.
    pub(in crate::executor) fn refusals_before_apply(
        &self,
        stack_runs: &StackRuns,
        stacks: &[StackId],
    ) -> Vec<(StackId, Outcome)> {
        let reason = |stack: &StackId| {
            let (ready, stack_run) = (self.ready.get(stack)?, stack_runs.get(stack)?);
            Some((stack.clone(), refusal_before_apply(&self.run, stack_runs.applied(), ready, stack_run)?))
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
        let mut step = StepContext {
            run,
            upstreams: &self.upstreams,
            etags: &self.etags,
            session: &session,
            handle,
            dependencies,
            applied,
            stack_run,
            has_applied: false,
        };
        let mut result = match (self.ready.get(stack), begin_log(&log, kind, &started.to_string())) {
            (None, _) => StepResult::new(Outcome::Failed(Failure::new(
                FailureKind::Defect,
                "the stack is not part of the run",
            ))),
            (_, Err(error)) => {
                let summary = format!("cannot write the log `{log}`: {error}");
                StepResult::new(Outcome::Failed(Failure::new(FailureKind::Unknown, summary)))
            }
            (Some(ready), Ok(())) => {
                let mut result = step_with_hooks(&mut step, kind, ready);
                if kind == StepKind::Plan {
                    let later = replan_notes(&mut step, ready, &result);
                    let incomplete = run.options.incomplete_note();
                    result.notes.splice(0..0, incomplete.into_iter().chain(ready.notes.iter().cloned()));
                    result.notes.extend(later);
                }
                result
            }
        };
        let StepContext { stack_run, has_applied, .. } = step;
        result.notes.append(&mut lock(&notes));
        let failed_with = match &result.outcome {
            Outcome::Failed(failure) => failure.engine_exit_code,
            _ => None,
        };
        let version = self.ready.get(stack).map(|w| w.engine.version().to_owned());
        let finished = StepFinished {
            stack: stack.clone(),
            step: kind,
            outcome: result.outcome,
            engine_version: version,
            duration: run.clock.now().duration_since(started).as_secs_f64(),
            processes: processes.load(Ordering::Relaxed),
            attempts: result.attempts,
            engine_exit_code: result.exit_code.or(failed_with),
            log: Some(log),
            plan: result.plan,
            tentative: result.tentative,
            incomplete: result.is_deferring || run.options.is_narrowed(),
            reused: result.reused,
            notes: result.notes,
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
