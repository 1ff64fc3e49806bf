//! Worker: runs one step of one stack with its engine: the plan, and later the apply of exactly that plan file.

use std::{
    collections::{BTreeSet, HashMap},
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use camino::Utf8Path;
use jiff::Timestamp;

use super::{
    ended::Ended,
    stamps::Stamps,
    work::{PendingPlan, PlanOptions, Work},
};
use crate::{
    engine::{Progress, Session},
    event::{StepFinished, StepKind},
    executor::{PriorResult, StepHandle, StepRunner, Upstreams, mutex::lock},
    files,
    journal::RunDir,
    model::{Clock, Failure, FailureKind, InstanceId, Outcome, RunId, StackId},
    plans::Key,
    process::Runner,
};

/// Runner of steps on worker threads; one for a whole run.
pub struct Worker {
    pub(super) work: Arc<HashMap<StackId, Work>>,
    pub(super) options: PlanOptions,
    pub(super) runner: Arc<Runner>,
    pub(super) dir: RunDir,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) run: RunId,
    pub(super) key: Key,
    /// Results of an earlier run that this run takes over.
    pub(super) adopted: Mutex<HashMap<StackId, PriorResult>>,
    pub(super) pending: Mutex<HashMap<StackId, PendingPlan>>,
    pub(super) diffs: Mutex<HashMap<StackId, String>>,
    pub(super) applied: Mutex<BTreeSet<StackId>>,
    pub(super) workspaces: Mutex<BTreeSet<StackId>>,
    /// Stacks that were applied already when a stack was planned.
    pub(super) seen: Mutex<HashMap<StackId, BTreeSet<StackId>>>,
    /// Stacks whose plans use outputs that will change.
    pub(super) provisional: Mutex<BTreeSet<StackId>>,
    pub(super) upstreams: Upstreams,
    /// Stacks that take outputs of others, with the values of their last plan.
    pub(super) wired: Mutex<HashMap<StackId, Arc<Work>>>,
    /// Entity tags of the states (`ETag` of HTTP); requested only if plans may be reused.
    pub(super) stamps: Stamps,
}

impl Worker {
    /// Returns a worker over the stacks of a run.
    pub fn new(
        (work, upstreams): (HashMap<StackId, Work>, Upstreams),
        options: PlanOptions,
        runner: Arc<Runner>,
        dir: RunDir,
        clock: Arc<dyn Clock>,
        (run, key): (RunId, Key),
    ) -> Self {
        let (pending, diffs, adopted) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (applied, workspaces, seen) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (wired, provisional, work) = (Mutex::default(), Mutex::default(), Arc::new(work));
        let stamps = Stamps::new(Arc::clone(&work), Arc::clone(&runner), Arc::clone(&clock));
        Self {
            work,
            options,
            runner,
            dir,
            clock,
            run,
            key,
            adopted,
            pending,
            diffs,
            applied,
            workspaces,
            seen,
            provisional,
            upstreams,
            wired,
            stamps,
        }
    }

    /// Returns the instances whose states only an exception of `--allow` accepted.
    pub fn accepted_states(&self) -> Vec<InstanceId> {
        let targets = self.work.values().map(|work| &work.target);
        targets
            .filter(|target| target.state_exception.is_taken())
            .map(|target| target.instance.clone())
            .collect()
    }

    /// Allows the creation of the missing workspaces of these stacks.
    pub fn allow_workspaces(&self, stacks: &[StackId]) {
        lock(&self.workspaces).extend(stacks.iter().cloned());
    }

    /// Returns the creation time of the plan that waits for a stack's apply, in this run or an earlier one.
    pub fn planned_at(&self, stack: &StackId) -> Option<Timestamp> {
        lock(&self.pending).get(stack)?.manifest.as_ref().map(|manifest| manifest.created)
    }

    /// Returns the stacks whose outputs were replaced by mocks of environments.toml in the last plan of a stack.
    pub fn mocks_of(&self, stack: &StackId) -> Vec<StackId> {
        lock(&self.wired).get(stack).map(|work| work.mocks_of.clone()).unwrap_or_default()
    }

    /// Returns the engine's own diff of a planned stack; empty for a clean one.
    pub fn diff(&self, stack: &StackId) -> String {
        lock(&self.diffs).get(stack).cloned().unwrap_or_default()
    }
}

impl StepRunner for Worker {
    fn run(&self, stack: &StackId, step: StepKind, port: &dyn StepHandle) -> StepFinished {
        let started = self.clock.now();
        let log = self.dir.log(stack);
        let processes = AtomicU32::new(0);
        let said = Mutex::new(Vec::new());
        let observer = |progress: Progress| match progress {
            Progress::Started { pid, mutating } => {
                processes.fetch_add(1, Ordering::Relaxed);
                // The process already runs and has to be waited for; a failed record stops only later steps.
                if mutating && port.engine_started(pid).is_err() {
                    port.progress("its start could not be recorded".to_owned());
                }
            }
            Progress::Doing(text) => port.progress(text),
            Progress::Note(note) => lock(&said).push(note),
        };
        let session = Session { runner: &self.runner, log: &log, observer: &observer };
        let mut ended = match (self.work.get(stack), begin_log(&log, step, &started.to_string())) {
            (None, _) => Ended::new(Outcome::Failed(Failure::new(
                FailureKind::Defect,
                "the stack is not part of the run",
            ))),
            (_, Err(error)) => {
                let summary = format!("cannot write the log `{log}`: {error}");
                Ended::new(Outcome::Failed(Failure::new(FailureKind::Unknown, summary)))
            }
            (Some(work), Ok(())) => {
                let mut ended = self.step((stack, work), step, (&session, port));
                if step == StepKind::Plan {
                    let later = self.planned_again_later(stack, work, &ended);
                    ended.notes.splice(0..0, self.incomplete().into_iter().chain(work.notes.iter().cloned()));
                    ended.notes.extend(later);
                }
                ended
            }
        };
        ended.notes.append(&mut lock(&said));
        let failed_with = match &ended.outcome {
            Outcome::Failed(failure) => failure.engine_exit_code,
            _ => None,
        };
        let version = self.work.get(stack).map(|w| w.engine.version().to_owned());
        StepFinished {
            stack: stack.clone(),
            step,
            outcome: ended.outcome,
            engine_version: version,
            duration: self.clock.now().duration_since(started).as_secs_f64(),
            processes: processes.load(Ordering::Relaxed),
            attempts: ended.attempts,
            engine_exit_code: ended.exit_code.or(failed_with),
            log: Some(log),
            plan: ended.plan,
            tentative: ended.tentative,
            incomplete: ended.is_deferring || self.options.is_narrowed(),
            reused: ended.reused,
            notes: ended.notes,
        }
    }
}

/// Writes a line with the name and time of a step to the stack's log.
fn begin_log(log: &Utf8Path, step: StepKind, time: &str) -> io::Result<()> {
    let name = match step {
        StepKind::Plan => "plan",
        StepKind::Apply => "apply",
    };
    io::Write::write_all(&mut files::append(log)?, format!("── {name} {time}\n").as_bytes())
}
