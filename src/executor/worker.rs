//! Takes one step of one stack through its engine: the plan, and later the apply of exactly that plan file.

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Write as _,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU32, Ordering},
    },
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{StepPort, StepRunner};
use crate::{
    engine::{
        Engine, EngineError, PlanMode, PlanRequest, Planned, Progress, Session, Target, awaits_upstream,
    },
    event::{StepFinished, StepKind},
    files,
    journal::RunDir,
    model::{Block, Changes, Clock, Failure, FailureKind, Outcome, StackId},
    plans,
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
    /// What was noted while the target was built.
    pub notes: Vec<String>,
}

/// What every plan of a run has in common.
#[derive(Debug, Clone)]
pub struct PlanWish {
    /// What kind.
    pub mode: PlanMode,
    /// `-target`
    pub targets: Vec<String>,
    /// `-replace`
    pub replace: Vec<String>,
    /// Whether a plan that was made again is applied even when it goes beyond the confirmed one.
    pub accept_replans: bool,
}

/// A plan that waits to be applied.
#[derive(Debug, Clone)]
struct Waiting {
    file: Utf8PathBuf,
    changes: Changes,
    tentative: bool,
}

/// Runs steps on worker threads; one for a whole run.
pub struct Worker {
    work: HashMap<StackId, Work>,
    wish: PlanWish,
    runner: Arc<Runner>,
    dir: RunDir,
    clock: Arc<dyn Clock>,
    waiting: Mutex<HashMap<StackId, Waiting>>,
    diffs: Mutex<HashMap<StackId, String>>,
    applied: Mutex<BTreeSet<StackId>>,
    workspaces: Mutex<BTreeSet<StackId>>,
    /// What was applied already when a stack was planned: its plan has seen that.
    seen: Mutex<HashMap<StackId, BTreeSet<StackId>>>,
}

/// How a step through an engine ended, before it is put into an event.
struct Ended {
    outcome: Outcome,
    exit_code: Option<i32>,
    plan: Option<Utf8PathBuf>,
    tentative: bool,
    notes: Vec<String>,
}

impl Ended {
    fn new(outcome: Outcome) -> Self {
        Self { outcome, exit_code: None, plan: None, tentative: false, notes: Vec::new() }
    }
}

impl Worker {
    /// A worker over the stacks of a run.
    pub fn new(
        work: HashMap<StackId, Work>,
        wish: PlanWish,
        runner: Arc<Runner>,
        dir: RunDir,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (waiting, diffs) = (Mutex::default(), Mutex::default());
        let (applied, workspaces, seen) = (Mutex::default(), Mutex::default(), Mutex::default());
        Self { work, wish, runner, dir, clock, waiting, diffs, applied, workspaces, seen }
    }

    /// From now on the missing workspaces of these stacks may be made.
    pub fn allow_workspaces(&self, stacks: &[StackId]) {
        lock(&self.workspaces).extend(stacks.iter().cloned());
    }

    /// The engine's own diff of a planned stack; empty for a clean one.
    pub fn diff(&self, stack: &StackId) -> String {
        lock(&self.diffs).get(stack).cloned().unwrap_or_default()
    }

    fn plan(&self, stack: &StackId, work: &Work, session: &Session<'_>) -> Ended {
        let create = work.create_workspace || lock(&self.workspaces).contains(stack);
        if let Err(error) = work.engine.prepare(&work.target, create, false, session) {
            return unprepared(error, work);
        }
        let file = self.dir.plan(stack);
        let applied = lock(&self.applied).clone();
        lock(&self.seen).insert(stack.clone(), applied);
        match work.engine.plan(&work.target, &self.request(work, file.clone()), session) {
            Err(EngineError::Failed(failure)) => match self.pending_need(work) {
                Some(need) if awaits_upstream(&failure) => {
                    let note = format!("cannot be planned before `{need}` is applied: {}", failure.summary);
                    Ended { notes: vec![note], ..Ended::new(Outcome::Deferred { because: need }) }
                }
                _ => unprepared(EngineError::Failed(failure), work),
            },
            Err(error) => unprepared(error, work),
            Ok(planned) => self.keep(stack, file, planned),
        }
    }

    /// What to say of plans that leave something out.
    fn incomplete(&self) -> Option<String> {
        let targets: Vec<String> = self.wish.targets.iter().map(|t| format!("`--target {t}`")).collect();
        (!targets.is_empty()).then(|| format!("incomplete: only {} was planned", targets.join(", ")))
    }

    /// A stack that this one depends on and that has a plan which is not applied yet.
    fn pending_need(&self, work: &Work) -> Option<StackId> {
        if self.wish.mode == PlanMode::Destroy {
            return None;
        }
        let waiting = lock(&self.waiting);
        work.needs.iter().find(|need| waiting.contains_key(*need)).cloned()
    }

    fn request(&self, work: &Work, out: Utf8PathBuf) -> PlanRequest {
        PlanRequest {
            mode: self.wish.mode,
            out,
            targets: self.wish.targets.clone(),
            replace: self.wish.replace.clone(),
            accept_lineage: work.accept_lineage,
        }
    }

    /// Keeps a plan with changes for its apply and drops the file of a clean one.
    fn keep(&self, stack: &StackId, file: Utf8PathBuf, planned: Planned) -> Ended {
        let mut ended = Ended::new(Outcome::Clean);
        ended.exit_code = Some(planned.exit_code);
        ended.tentative = planned.tentative;
        ended.notes = planned.notes;
        lock(&self.diffs).insert(stack.clone(), planned.diff.clone());
        if planned.changes.is_empty() {
            lock(&self.waiting).remove(stack);
            ended.notes.extend(removed(&file));
            return ended;
        }
        if let Err(error) = files::write(&self.dir.diff(stack), planned.diff.as_bytes()) {
            ended.notes.push(format!("the diff could not be kept: {error}"));
        }
        let waiting =
            Waiting { file: file.clone(), changes: planned.changes.clone(), tentative: planned.tentative };
        lock(&self.waiting).insert(stack.clone(), waiting);
        ended.outcome = Outcome::Changed(planned.changes);
        ended.plan = Some(file);
        ended
    }

    fn apply(&self, stack: &StackId, work: &Work, session: &Session<'_>) -> Ended {
        // A stack that was planned clean waits with an empty plan: it may no longer be clean once a stack that it
        // depends on was applied.
        let waiting = lock(&self.waiting).remove(stack).unwrap_or_else(|| Waiting {
            file: self.dir.plan(stack),
            changes: Changes::default(),
            tentative: false,
        });
        let (waiting, mut notes) = match self.renewed(stack, work, waiting, session) {
            Ok(renewed) => renewed,
            Err(ended) => return *ended,
        };
        if waiting.changes.is_empty() {
            notes.extend(removed(&waiting.file));
            return Ended { notes, ..Ended::new(Outcome::Clean) };
        }
        let mut ended = match work.engine.apply(&work.target, &waiting.file, session) {
            Ok(applied) => {
                lock(&self.applied).insert(stack.clone());
                let mut ended = Ended::new(Outcome::Applied(waiting.changes));
                ended.exit_code = Some(applied.exit_code);
                ended.notes = applied.notes;
                ended
            }
            Err(error) => unprepared(error, work),
        };
        notes.extend(removed(&waiting.file));
        ended.notes.splice(0..0, notes);
        ended
    }

    /// The plan to apply: planned anew when a stack that this one depends on was applied with changes meanwhile, or when
    /// the plan rested on values that were not known. It must be within what was confirmed.
    fn renewed(
        &self,
        stack: &StackId,
        work: &Work,
        confirmed: Waiting,
        session: &Session<'_>,
    ) -> Result<(Waiting, Vec<String>), Box<Ended>> {
        let cause = {
            let (applied, seen) = (lock(&self.applied), lock(&self.seen));
            let seen = seen.get(stack);
            let fresh = |need: &&StackId| applied.contains(*need) && seen.is_none_or(|s| !s.contains(*need));
            work.needs.iter().find(fresh).cloned()
        };
        if self.wish.mode == PlanMode::Destroy || (cause.is_none() && !confirmed.tentative) {
            return Ok((confirmed, Vec::new()));
        }
        let file = confirmed.file.with_extension("again.tfplan");
        // Whatever comes of the new plan, the confirmed one is of no more use.
        let leftover = removed(&confirmed.file);
        let planned = match work.engine.plan(&work.target, &self.request(work, file.clone()), session) {
            Ok(planned) => planned,
            Err(error) => {
                let mut ended = unprepared(error, work);
                ended.notes.extend(leftover.into_iter().chain(removed(&file)));
                return Err(Box::new(ended));
            }
        };
        let refuse = |blocks: Vec<Block>| {
            let mut ended = Ended::new(Outcome::Refused(blocks));
            ended.notes.extend(leftover.iter().cloned().chain(removed(&file)));
            Err(Box::new(ended))
        };
        if planned.tentative {
            let message = "the plan still rests on values that are not known, so it is not applied";
            return refuse(vec![Block::new("tentative", message)]);
        }
        let beyond = plans::beyond(&confirmed.changes, &planned.changes);
        if !beyond.is_empty() && !self.wish.accept_replans {
            return refuse(beyond.into_iter().map(|line| Block::new("replan", line)).collect());
        }
        let mut notes = vec![match cause {
            Some(need) => format!("planned again, because `{need}` was applied"),
            None => "planned again, because its values were not known before".to_owned(),
        }];
        notes.extend(leftover);
        notes.extend(beyond.into_iter().map(|line| format!("accepted beyond what was confirmed: {line}")));
        Ok((Waiting { file, changes: planned.changes, tentative: false }, notes))
    }
}

impl StepRunner for Worker {
    fn run(&self, stack: &StackId, step: StepKind, port: &dyn StepPort) -> StepFinished {
        let started = self.clock.now();
        let log = self.dir.log(stack);
        let processes = AtomicU32::new(0);
        let observer = |progress: Progress| match progress {
            Progress::Started { pid, mutating } => {
                processes.fetch_add(1, Ordering::Relaxed);
                // The process runs already and has to be waited for; that it is not recorded stops the ones after it.
                if mutating && port.engine_started(pid).is_err() {
                    port.progress("its start could not be recorded".to_owned());
                }
            }
            Progress::Doing(text) => port.progress(text),
        };
        let session = Session { runner: &self.runner, log: &log, observer: &observer };
        let ended = match (self.work.get(stack), begin_log(&log, step, &started.to_string())) {
            (None, _) => Ended::new(Outcome::Failed(Failure::new(
                FailureKind::Defect,
                "the stack is not part of the run",
            ))),
            (_, Err(error)) => {
                let summary = format!("cannot write the log `{log}`: {error}");
                Ended::new(Outcome::Failed(Failure::new(FailureKind::Unknown, summary)))
            }
            (Some(work), Ok(())) => {
                let mut ended = match step {
                    StepKind::Plan => self.plan(stack, work, &session),
                    StepKind::Apply => self.apply(stack, work, &session),
                };
                if step == StepKind::Plan {
                    ended.notes.splice(0..0, self.incomplete().into_iter().chain(work.notes.iter().cloned()));
                }
                ended
            }
        };
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
            attempts: 1,
            engine_exit_code: ended.exit_code.or(failed_with),
            log: Some(log),
            plan: ended.plan,
            tentative: ended.tentative,
            incomplete: !self.wish.targets.is_empty(),
            notes: ended.notes,
        }
    }
}

/// How a step ends that its engine could not finish.
fn unprepared(error: EngineError, work: &Work) -> Ended {
    match error {
        EngineError::Failed(failure) if failure.kind == FailureKind::Refused => {
            let message = format!("{}: {}", failure.summary, failure.detail);
            let block = Block::new("lineage", message);
            Ended { exit_code: failure.engine_exit_code, ..Ended::new(Outcome::Refused(vec![block])) }
        }
        EngineError::Failed(failure) => Ended::new(Outcome::Failed(failure)),
        EngineError::Interrupted { notes } => Ended { notes, ..Ended::new(Outcome::Interrupted) },
        EngineError::MissingWorkspace { wanted, existing } => {
            let mut message = format!("workspace `{wanted}` of `{}` does not exist", work.target.instance);
            if !existing.is_empty() {
                // Writing to a String cannot fail.
                let _ = write!(message, " (there are: {})", existing.join(", "));
            }
            Ended::new(Outcome::Refused(vec![Block::new("workspace", message)]))
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

/// Removes a plan file that is of no more use; it holds values. A note when that fails.
fn removed(file: &Utf8Path) -> Option<String> {
    let error = files::remove_if_there(file).err()?;
    Some(format!("plan file `{file}` could not be removed: {error}"))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
