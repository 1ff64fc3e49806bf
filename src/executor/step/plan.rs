//! Plan of one stack, stored for its apply.

use camino::Utf8PathBuf;

use super::{
    attempts::attempt,
    bind::Before,
    ended::{Ended, removed, unprepared},
    outputs::{
        upstream_output::PlannedOutputs,
        wires::{Take, Wired},
    },
    work::{PendingPlan, Work},
    worker::Worker,
};
use crate::{
    engine::{
        EngineError, PlanMode, PlanRequest, Planned, Session, awaits_upstream, layout::has_configuration,
    },
    executor::mutex::lock,
    files,
    model::{Block, Failure, FailureKind, Guard, Outcome, StackId},
};

impl Worker {
    pub(super) fn plan(&self, stack: &StackId, work: &Work, session: &Session<'_>) -> Ended {
        // The guard is dropped here: adopting a result may plan the stack after all.
        let earlier = lock(&self.adopted).remove(stack);
        if let Some(earlier) = earlier {
            return self.take_over((stack, work), earlier, session);
        }
        if let Some(blocks) = Self::unbindable(work) {
            return Ended::new(Outcome::Refused(blocks));
        }
        self.upstreams.plans_begin();
        let wired = match self.wired(stack, work, Take::Planned, session) {
            Ok(wired) => wired,
            Err(ended) => return *ended,
        };
        let rests_on_plans = wired.rests_on_plans;
        let ended = self.plan_wired(stack, wired, session);
        let Outcome::Failed(failure) = ended.outcome.clone() else { return ended };
        // Objects that a planned value names may not exist before their own stack is applied.
        let Some(Ok(wired)) = rests_on_plans.then(|| self.wired(stack, work, Take::Present, session)) else {
            return ended;
        };
        let mut again = self.plan_wired(stack, wired, session);
        again.notes.push(format!("with its values as they are planned: {}", failure.summary));
        again
    }

    fn plan_wired(&self, stack: &StackId, wired: Wired<'_>, session: &Session<'_>) -> Ended {
        let (work, told) = (&*wired.work, wired.notes);
        if let Some(mut reused) = self.reused(stack, work, session) {
            reused.notes.extend(told);
            return reused;
        }
        if let Some(failure) = unconfigured(work) {
            return Ended::new(Outcome::Failed(failure));
        }
        let told = told.into_iter().chain(Self::forget_clean(work)).collect::<Vec<_>>();
        let create = work.create_workspace || lock(&self.workspaces).contains(stack);
        let file = self.dir.plan(stack);
        let tried = attempt(&self.runner, session, || {
            work.engine.prepare(&work.target, create, false, session)?;
            let before = Self::before(work).map_err(EngineError::Failed)?;
            let before = Before { stamp: self.stamp_before(stack, work), ..before };
            let applied = lock(&self.applied).clone();
            lock(&self.seen).insert(stack.clone(), applied);
            let mut planned = work.engine.plan(&work.target, &self.request(work, file.clone()), session)?;
            let before = before.with_lockfile(planned.lockfile.take());
            Ok((before, self.verify_plan((work, &file), planned, session)?))
        });
        let mut ended = match tried.result {
            Err(EngineError::Failed(failure)) => match self.pending_need(work) {
                Some(need) if awaits_upstream(&failure) => {
                    let note = format!("cannot be planned before `{need}` is applied: {}", failure.summary);
                    Ended { notes: vec![note], ..Ended::new(Outcome::Deferred { because: need }) }
                }
                _ => unprepared(EngineError::Failed(failure), work),
            },
            Err(error) => unprepared(error, work),
            Ok((before, planned)) => self.keep((stack, work), (file, session), before, planned),
        };
        ended.attempts = tried.attempts;
        ended.notes.extend(tried.note.into_iter().chain(told).chain(self.unstamped(stack)));
        ended
    }

    /// Returns a note for plans that `--target` or `--without` limits.
    pub(super) fn incomplete(&self) -> Option<String> {
        let targets: Vec<String> = self.options.targets.iter().map(|t| format!("`--target {t}`")).collect();
        let excludes: Vec<String> =
            self.options.excludes.iter().map(|e| format!("`--without {e}`")).collect();
        match (targets.as_slice(), excludes.as_slice()) {
            ([], []) => None,
            ([], excludes) => Some(format!("incomplete: planned {}", excludes.join(", "))),
            (targets, _) => Some(format!("incomplete: only {} was planned", targets.join(", "))),
        }
    }

    /// Returns a dependency with a plan that is not applied yet.
    fn pending_need(&self, work: &Work) -> Option<StackId> {
        work.needs.iter().find(|need| self.is_pending(need)).cloned()
    }

    /// Returns true if a stack has a plan with changes that is not applied yet.
    pub(super) fn is_pending(&self, stack: &StackId) -> bool {
        self.options.mode != PlanMode::Destroy && lock(&self.pending).contains_key(stack)
    }

    pub(super) fn request(&self, work: &Work, out: Utf8PathBuf) -> PlanRequest {
        PlanRequest {
            mode: self.options.mode,
            out,
            targets: self.options.targets.clone(),
            excludes: self.options.excludes.clone(),
            replace: self.options.replace.clone(),
            accept_lineage: work.accept_lineage,
        }
    }

    /// Returns the planned outputs; absent for a plan limited by `--target` or `--without`, which does
    /// not contain all of them.
    fn coming(&self, planned: &Planned) -> Option<PlannedOutputs> {
        let is_narrowed = self.options.is_narrowed() || planned.is_incomplete();
        let whole = !is_narrowed && self.options.mode == PlanMode::Normal;
        whole.then(|| PlannedOutputs { outputs: planned.outputs.clone(), tentative: planned.tentative })
    }

    /// Stores a plan with changes for its apply, with its manifest, and removes the file of a clean plan.
    fn keep(
        &self,
        (stack, work): (&StackId, &Work),
        (file, session): (Utf8PathBuf, &Session<'_>),
        before: Before,
        planned: Planned,
    ) -> Ended {
        let mut ended = Ended::new(Outcome::Clean);
        ended.exit_code = Some(planned.exit_code);
        ended.tentative = planned.tentative;
        ended.notes.clone_from(&planned.notes);
        lock(&self.diffs).insert(stack.clone(), planned.diff.clone());
        if let Some(blocks) = Self::overridden(work, &planned) {
            lock(&self.pending).remove(stack);
            ended.notes.extend(removed(&file));
            return Ended { outcome: Outcome::Refused(blocks), ..ended };
        }
        self.upstreams.planned(stack, &file, self.coming(&planned));
        if let Some(failure) = self.stands_on_nothing(work).filter(|_| !planned.changes.is_empty()) {
            ended.notes.extend(removed(&file));
            return Ended { outcome: Outcome::Failed(failure), ..ended };
        }
        ended.is_deferring = planned.is_incomplete();
        if let Some(blocks) = only_deferring(&planned) {
            lock(&self.pending).remove(stack);
            ended.notes.extend(removed(&file));
            return Ended { outcome: Outcome::Refused(blocks), ..ended };
        }
        if planned.changes.is_empty() {
            lock(&self.pending).remove(stack);
            ended.notes.extend(removed(&file));
            ended.notes.extend(self.keep_clean(work, &before, &planned));
            return ended;
        }
        if let Err(error) = files::write(&self.dir.diff(stack), planned.diff.as_bytes()) {
            ended.notes.push(format!("the diff could not be kept: {error}"));
        }
        let manifest = match self.bind((stack, work), before, &planned, (&file, session)) {
            Ok((manifest, notes)) => {
                ended.notes.extend(notes);
                manifest
            }
            Err(outcome) => {
                ended.notes.extend(removed(&file));
                return Ended { outcome: *outcome, ..ended };
            }
        };
        let pending = PendingPlan {
            file: file.clone(),
            changes: planned.changes.clone(),
            tentative: planned.tentative,
            manifest: Some(manifest),
        };
        lock(&self.pending).insert(stack.clone(), pending);
        ended.outcome = Outcome::Changed(planned.changes);
        ended.plan = Some(file);
        ended
    }
}

/// Returns the refusal of a plan that defers all of its changes: it is not clean, and there is nothing to apply.
pub(super) fn only_deferring(planned: &Planned) -> Option<Vec<Block>> {
    if !planned.changes.is_empty() || planned.deferred.is_empty() {
        return None;
    }
    let what = planned.deferred.join(", ");
    let message =
        format!("the plan is incomplete: the engine deferred {what}, and nothing else would change");
    Some(vec![Block::new(Guard::Incomplete, message)])
}

/// Returns the failure of a folder without configuration, checked after the hooks that may write it: an engine would find
/// neither a backend nor resources to change or to destroy.
fn unconfigured(work: &Work) -> Option<Failure> {
    // The engine reports a folder that cannot be read.
    let names = files::folder_names(&work.target.dir).ok()?;
    if has_configuration(work.engine.name(), names.iter().map(String::as_str)) {
        return None;
    }
    let (folder, engine) = (&work.target.dir, work.engine.name().title());
    let summary = format!("the stack's folder holds no configuration of {engine}");
    let detail =
        format!("`{folder}` must hold it: without it nothing would be planned, and nothing destroyed");
    Some(Failure::new(FailureKind::Config, summary).with_detail(detail))
}
