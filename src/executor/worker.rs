//! Takes one step of one stack through its engine: the plan, and later the apply of exactly that plan file.

mod adopted;
mod applying;
mod around;
mod bound;
mod contents;
mod ended;
mod ephemeral;
mod mixing;
mod planning;
mod recorded;
mod replanning;
mod reuse;
mod stamps;
mod state_place;
mod taken;
mod values;
mod wires;

pub(in crate::executor) use values::{expression, hide};

use std::{
    collections::{BTreeSet, HashMap},
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use camino::{Utf8Path, Utf8PathBuf};
use jiff::Timestamp;
use serde_json::Value;

use self::{ended::Ended, stamps::Stamps};
use super::{
    Earlier, Identity, StepPort, StepRunner, Upstreams, applied_last,
    ground::Ground,
    wiring::{UpstreamValues, Wiring},
};
use crate::{
    config::Hooks,
    engine::{Engine, PlanMode, Progress, Session, Target},
    event::{StepFinished, StepKind},
    files,
    journal::RunDir,
    model::{Changes, Clock, Failure, FailureKind, InstanceId, Outcome, RunId, StackId},
    plans::{Key, Manifest},
    process::Runner,
};

/// A stack that can be planned: its engine and target, and what the run wants of it.
#[derive(Clone)]
pub struct Work {
    /// Its engine.
    pub engine: Arc<dyn Engine>,
    /// Its target.
    pub target: Target,
    /// The stacks that it depends on, within the project.
    pub needs: Vec<StackId>,
    /// Whether a missing workspace may be made.
    pub create_workspace: bool,
    /// Whether a state of another lineage is taken.
    pub accept_lineage: bool,
    /// True if its files may read outputs from the states of stacks that it depends on: a Terragrunt unit, or `terraform_remote_state`.
    pub reads_states: bool,
    /// What was noted while the target was built.
    pub notes: Vec<String>,
    /// What its plan rests on beside the target.
    pub ground: Ground,
    /// Who must be acting, where the environment wants to know.
    pub identity: Option<Identity>,
    /// Programs around its steps.
    pub hooks: Hooks,
    /// The variables that take outputs of other stacks.
    pub wiring: Wiring,
    /// How far the values of these variables can be relied on.
    pub upstream_values: UpstreamValues,
    /// The stacks whose outputs mocks stand for.
    pub mocks_of: Vec<StackId>,
    /// The variables among them that only plans of other stacks tell yet.
    pub from_plans: Vec<String>,
    /// The values that its variables take from other stacks, once they are known.
    pub taken: Arc<[(String, Value)]>,
}

impl Work {
    /// Says who is about to change the instance, for the stacks that rest on it.
    pub fn note_applied_by(&self, who: &str) -> io::Result<()> {
        applied_last::note(&self.target, who)
    }
}

/// What every plan of a run has in common.
#[derive(Debug, Clone)]
pub struct PlanWish {
    /// What kind.
    pub mode: PlanMode,
    /// `-target`
    pub targets: Vec<String>,
    /// `-exclude`
    pub excludes: Vec<String>,
    /// `-replace`
    pub replace: Vec<String>,
    /// How old a clean plan may be that stands for a new one; absent where each plan is made.
    pub reuse: Option<Duration>,
}

impl PlanWish {
    /// Returns true if the user narrowed the plans.
    pub fn is_narrowed(&self) -> bool {
        !(self.targets.is_empty() && self.excludes.is_empty())
    }
}

/// A plan that waits to be applied.
#[derive(Debug, Clone)]
struct Waiting {
    file: Utf8PathBuf,
    changes: Changes,
    tentative: bool,
    /// What it is bound to; absent for a clean stack, which waits without a plan.
    manifest: Option<Manifest>,
}

impl Waiting {
    /// Whether it must be made again before it is applied, whatever else was applied.
    fn is_provisional(&self) -> bool {
        self.tentative || self.manifest.as_ref().is_some_and(|manifest| !manifest.from_plans.is_empty())
    }
}

/// Runs steps on worker threads; one for a whole run.
pub struct Worker {
    work: Arc<HashMap<StackId, Work>>,
    wish: PlanWish,
    runner: Arc<Runner>,
    dir: RunDir,
    clock: Arc<dyn Clock>,
    run: RunId,
    key: Key,
    /// What an earlier run planned and this one takes over.
    adopted: Mutex<HashMap<StackId, Earlier>>,
    waiting: Mutex<HashMap<StackId, Waiting>>,
    diffs: Mutex<HashMap<StackId, String>>,
    applied: Mutex<BTreeSet<StackId>>,
    workspaces: Mutex<BTreeSet<StackId>>,
    /// What was applied already when a stack was planned: its plan has seen that.
    seen: Mutex<HashMap<StackId, BTreeSet<StackId>>>,
    /// Stacks whose plans rest on outputs that are going to change.
    provisional: Mutex<BTreeSet<StackId>>,
    upstreams: Upstreams,
    /// The stacks that take outputs of others, with the values that they were planned with last.
    wired: Mutex<HashMap<StackId, Arc<Work>>>,
    /// What servers say of the states; asked only where plans may be reused.
    stamps: Stamps,
}

impl Worker {
    /// A worker over the stacks of a run.
    pub fn new(
        (work, upstreams): (HashMap<StackId, Work>, Upstreams),
        wish: PlanWish,
        runner: Arc<Runner>,
        dir: RunDir,
        clock: Arc<dyn Clock>,
        (run, key): (RunId, Key),
    ) -> Self {
        let (waiting, diffs, adopted) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (applied, workspaces, seen) = (Mutex::default(), Mutex::default(), Mutex::default());
        let (wired, provisional, work) = (Mutex::default(), Mutex::default(), Arc::new(work));
        let stamps = Stamps::new(Arc::clone(&work), Arc::clone(&runner), Arc::clone(&clock));
        Self {
            work,
            wish,
            runner,
            dir,
            clock,
            run,
            key,
            adopted,
            waiting,
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

    /// Returns the instances whose states were taken by an exception alone.
    pub fn accepted_states(&self) -> Vec<InstanceId> {
        let targets = self.work.values().map(|work| &work.target);
        targets
            .filter(|target| target.state_exception.is_taken())
            .map(|target| target.instance.clone())
            .collect()
    }

    /// From now on the missing workspaces of these stacks may be made.
    pub fn allow_workspaces(&self, stacks: &[StackId]) {
        lock(&self.workspaces).extend(stacks.iter().cloned());
    }

    /// When the plan that waits for a stack's apply was made, by whichever run.
    pub fn planned_at(&self, stack: &StackId) -> Option<Timestamp> {
        lock(&self.waiting).get(stack)?.manifest.as_ref().map(|manifest| manifest.created)
    }

    /// The stacks that mocks stood for when one was planned last, as far as envctl put them there itself.
    pub fn mocks_of(&self, stack: &StackId) -> Vec<StackId> {
        lock(&self.wired).get(stack).map(|work| work.mocks_of.clone()).unwrap_or_default()
    }

    /// The engine's own diff of a planned stack; empty for a clean one.
    pub fn diff(&self, stack: &StackId) -> String {
        lock(&self.diffs).get(stack).cloned().unwrap_or_default()
    }
}

impl StepRunner for Worker {
    fn run(&self, stack: &StackId, step: StepKind, port: &dyn StepPort) -> StepFinished {
        let started = self.clock.now();
        let log = self.dir.log(stack);
        let processes = AtomicU32::new(0);
        let said = Mutex::new(Vec::new());
        let observer = |progress: Progress| match progress {
            Progress::Started { pid, mutating } => {
                processes.fetch_add(1, Ordering::Relaxed);
                // The process runs already and has to be waited for; that it is not recorded stops the ones after it.
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
            incomplete: ended.is_deferring || self.wish.is_narrowed(),
            reused: ended.reused,
            notes: ended.notes,
        }
    }
}

/// Begins a step's part of a stack's log with a line that names it.
fn begin_log(log: &Utf8Path, step: StepKind, time: &str) -> io::Result<()> {
    let name = match step {
        StepKind::Plan => "plan",
        StepKind::Apply => "apply",
    };
    io::Write::write_all(&mut files::append(log)?, format!("── {name} {time}\n").as_bytes())
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
