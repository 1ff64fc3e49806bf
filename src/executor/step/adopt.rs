//! Adopts the stored plan of an earlier run in place of a new one, after all of its bound inputs and the
//! current state were compared.

use super::{
    applied_last::{self, TYPED_COMMAND},
    bind::{CompareScope, find_mismatch, refuse_provider_overrides},
    outputs::input_values::{OutputVersion, StackWithInputs, resolve_inputs},
    plan::plan,
    ready_stack::{PendingPlan, ReadyStack},
    recorded::recorded_differences,
    step_context::StepContext,
    step_result::{StepResult, binding_refusal, engine_error_result},
};
use crate::{
    engine::{EngineError, MovedAddress, PlanMode, check_local_state, has_configured_address, moved_address},
    executor::PriorResult,
    files,
    model::{Block, Failure, FailureKind, Guard, Outcome, RunId, StackNote},
    plans::{Mismatch, PlanManifest},
};

/// Adopts the result of an earlier run in place of a new plan.
pub(super) fn adopt(step: &mut StepContext<'_>, ready: &ReadyStack, prior: PriorResult) -> StepResult {
    let (run, session) = (step.run, step.session);
    let stored = match prior {
        PriorResult::Planned(stored) => *stored,
        PriorResult::Begun => return plan(step, ready),
        PriorResult::Clean => return adopt_unless_changed(step, ready, Vec::new()),
        PriorResult::Deferred { because } => return StepResult::new(Outcome::Deferred { because }),
        PriorResult::Applied { run: earlier } => {
            if let Err(result) = refuse_changed_since(ready, &earlier) {
                return *result;
            }
            let note = applied_note(run.options.mode, &earlier);
            return adopt_unless_changed(step, ready, vec![note]);
        }
    };
    if let Some(blocks) = refuse_provider_overrides(ready) {
        return StepResult::new(Outcome::Refused(blocks));
    }
    let (manifest, replans) = (stored.manifest, stored.replans_if_changed);
    let pending = PendingPlan {
        file: stored.file,
        changes: manifest.changes.clone(),
        tentative: manifest.tentative,
        manifest: Some(manifest.clone()),
    };
    // Compared before an engine is started.
    if let Some(mismatch) = other_instance(ready, &manifest) {
        return StepResult::new(Outcome::Refused(binding_refusal(&mismatch)));
    }
    if !pending.file.is_file() {
        let message =
            format!("its plan of run {} is gone: a stored plan is applied at most once", manifest.run);
        return StepResult::new(Outcome::Refused(vec![Block::new(Guard::Binding, message)]));
    }
    let unresolved = ready;
    let StackWithInputs { ready, notes: input_notes, .. } =
        match resolve_inputs(step, ready, OutputVersion::Current) {
            Ok(resolved) => resolved,
            Err(result) => return *result,
        };
    let ready = &*ready;
    // No init either if the environment differs from the plan's.
    match find_mismatch(run, &step.applied, ready, &pending, CompareScope::BeforeInit) {
        Ok(None) => {}
        Ok(Some(_)) if replans => return plan(step, unresolved),
        Ok(Some(mismatch)) => return StepResult::new(Outcome::Refused(binding_refusal(&mismatch))),
        Err(failure) => return StepResult::new(Outcome::Failed(failure)),
    }
    if let Err(error) = ready.engine.prepare(&ready.target, false, session) {
        return engine_error_result(error, ready);
    }
    let state = match ready.engine.state_identity(&ready.target, session) {
        Ok(state) => state,
        Err(error) => return engine_error_result(error, ready),
    };
    match find_mismatch(run, &step.applied, ready, &pending, CompareScope::WithState(&state)) {
        Ok(None) => {}
        Ok(Some(_)) if replans => return plan(step, unresolved),
        Ok(Some(mismatch)) => return StepResult::new(Outcome::Refused(binding_refusal(&mismatch))),
        Err(failure) => return StepResult::new(Outcome::Failed(failure)),
    }
    // The state may have changed and then returned to the state of the plan.
    if let Err(error) = ready.engine.check_state(&ready.target, &state, ready.accept_lineage) {
        return engine_error_result(error, ready);
    }
    step.upstreams.read_from_plan(&ready.target.instance.stack, &pending.file);
    step.stack_run.planned_outputs = None;
    let unbound = match recorded_differences(&run.key, ready, &manifest) {
        Ok(differences) => differences,
        Err(failure) => return StepResult::new(Outcome::Failed(failure)),
    };
    let is_incomplete = manifest.is_incomplete();
    let mut notes = manifest.notes;
    notes.extend(input_notes);
    notes.extend(unbound.into_iter().map(|text| format!("not bound, and different: {text}")));
    notes.push(format!(
        "planned by run {} at {}",
        manifest.run,
        manifest.created.strftime("%Y-%m-%d %H:%M:%SZ")
    ));
    step.stack_run.applied_at_plan = manifest.applied_at_plan.into_iter().collect();
    if let Err(error) = files::write(&run.dir.diff(&ready.target.instance.stack), stored.diff.as_bytes()) {
        notes.push(format!("the diff could not be kept: {error}"));
    }
    step.stack_run.diff = stored.diff;
    let result = StepResult {
        plan: Some(pending.file.clone()),
        tentative: pending.tentative,
        is_deferring: is_incomplete,
        notes,
        ..StepResult::new(Outcome::Changed(pending.changes.clone()))
    };
    step.stack_run.pending = Some(pending);
    result
}

/// Returns the note of a stack that an earlier run applied, or destroyed.
fn applied_note(mode: PlanMode, earlier: &RunId) -> String {
    let earlier = earlier.as_str();
    let note = match mode {
        PlanMode::Destroy => StackNote::DestroyedEarlier(earlier),
        PlanMode::Normal | PlanMode::RefreshOnly => StackNote::AppliedEarlier(earlier),
    };
    note.to_string()
}

/// Adopts the result of an earlier run, unless the address of the stack's state changed since, or its local state is not
/// the last known one. A state that `--allow lineage` accepts is planned again, and so is one whose address the engine
/// decides: only the engine can tell whether it vanished.
fn adopt_unless_changed(step: &mut StepContext<'_>, ready: &ReadyStack, notes: Vec<String>) -> StepResult {
    match moved_address(&ready.target) {
        Ok(None) => {}
        Ok(Some(MovedAddress { from, to })) => {
            let instance = &ready.target.instance;
            let message = format!(
                "the state of `{instance}` lay at `{from}` in the run that is resumed, and its address is `{to}` now: put the \
                 address back, or deploy again"
            );
            return StepResult::new(Outcome::Refused(vec![Block::new(Guard::Backend, message)]));
        }
        Err(failure) => return StepResult::new(Outcome::Failed(failure)),
    }
    match check_local_state(&ready.target) {
        Ok(()) => StepResult { notes, ..StepResult::new(Outcome::Clean) },
        Err(failure)
            if failure.kind == FailureKind::Refused
                && (ready.accept_lineage || !has_configured_address(&ready.target)) =>
        {
            plan(step, ready)
        }
        Err(failure) => engine_error_result(EngineError::Failed(failure), ready),
    }
}

/// Returns the environment or the stack of a manifest if it is not that of the instance.
fn other_instance(ready: &ReadyStack, manifest: &PlanManifest) -> Option<Mismatch> {
    let instance = &ready.target.instance;
    let items = [
        ("environment", manifest.environment.as_str(), instance.environment.as_str()),
        ("stack", manifest.stack.as_str(), instance.stack.as_str()),
    ];
    let (item, then, now) = items.into_iter().find(|(_, then, now)| then != now)?;
    Some(Mismatch::new(item, Some(then), Some(now)))
}

/// Refuses the result of a run if the instance was changed after it, as far as this project knows.
fn refuse_changed_since(ready: &ReadyStack, run: &RunId) -> Result<(), Box<StepResult>> {
    let instance = &ready.target.instance;
    let by = ready.applied_by().map_err(|error| {
        let summary = format!("cannot tell who changed `{instance}` last: {error}");
        StepResult::new(Outcome::Failed(Failure::new(FailureKind::Unknown, summary)))
    })?;
    let message = match by.as_deref().map(str::trim) {
        Some(by) if by == run.as_str() => return Ok(()),
        Some(by) if by.starts_with(TYPED_COMMAND) || by.parse::<RunId>().is_ok() => format!(
            "`{instance}` was done by run {run} and changed by {by} since: deploy again, which plans it anew"
        ),
        found => {
            let state = if found.is_some() { "is damaged" } else { "is gone" };
            let record = applied_last::path(&ready.target.state_dir);
            format!(
                "`{instance}` was done by run {run}, and who changed it last is unknown: `{record}` {state}; deploy again, which \
                 plans it anew"
            )
        }
    };
    Err(Box::new(StepResult::new(Outcome::Refused(vec![Block::new(Guard::Binding, message)]))))
}
