//! Reuse of clean plans: a clean plan is valid as long as all of its inputs are unchanged.

use std::time::Duration;

use camino::Utf8PathBuf;

use super::{
    bind::{InputsBeforePlan, bound_items},
    input_digests::InputDigests,
    ready_stack::ReadyStack,
    step_context::StepContext,
    step_result::StepResult,
};
use crate::{
    engine::{
        LocalIdentity, Log, PlanMode, Planned, RemoteVersion, RemoteVersionAnswer, StateIdentity, state_at,
    },
    files,
    model::{Failure, Outcome},
    plans::{Binding, CleanPlan},
    ui::seconds,
};

/// File in an instance's state folder with its last plan, if that was clean.
const FILE: &str = "clean.json";

/// Name of the item that holds a state's `ETag`, from the backend's server.
const ETAG: &str = "state etag";

/// Name of the item that holds the digest of a state file: lineage and serial alone do not identify it.
const CONTENT: &str = "state content";

/// Name of the item that holds a state's lineage.
const LINEAGE: &str = "state lineage";

/// Name of the item that holds a state's serial.
const SERIAL: &str = "state serial";

/// Items that are read from the state itself; a state behind a server is compared by its `ETag` instead.
const STATE_ITEMS: &[&str] = &[LINEAGE, SERIAL];

/// Returns the result of a plan that can be replaced by an earlier clean one; `None` if the engine has to plan.
///
/// An input that cannot be read counts as changed.
pub(super) fn reuse_clean_plan(step: &StepContext<'_>, ready: &ReadyStack) -> Option<StepResult> {
    let run = step.run;
    let most = run.options.reuse?;
    let clean = CleanPlan::read(&run.key, &record_file(ready)).ok()?;
    let old = Duration::try_from(run.clock.now().duration_since(clean.created)).ok()?;
    if old > most || !is_unchanged(step, ready, &clean).unwrap_or(false) {
        return None;
    }
    let note = format!("reused: run {} planned it clean {} ago", clean.run, seconds(old.as_secs_f64()));
    Log::open(step.session.log, run.runner.redactor()).line(&note);
    Some(StepResult { reused: true, notes: vec![note], ..StepResult::new(Outcome::Clean) })
}

/// Returns true if all inputs of a clean plan are unchanged.
fn is_unchanged(step: &StepContext<'_>, ready: &ReadyStack, clean: &CleanPlan) -> Result<bool, Failure> {
    ready.engine.check_plannable(&ready.target)?;
    let effective_init = ready.effective_init()?;
    let Some(Ok(state)) = effective_init.address.as_deref().map(state_at) else { return Ok(false) };
    let contents = InputDigests::read(ready, &effective_init)?;
    // An input that cannot be read counts as changed.
    if contents.reads_more {
        return Ok(false);
    }
    let now = |state: &StateIdentity| {
        bound_items(step.run, ready, Binding::default(), &contents, &effective_init, state)
    };
    let planned_on = if let Some(LocalIdentity { state, content }) = state {
        let mut now = now(&state)?;
        now.bind(CONTENT, content);
        Some(state).filter(|_| clean.items.mismatch(&now).is_none())
    } else {
        let Some(kept) = clean.items.get(ETAG) else { return Ok(false) };
        let RemoteVersionAnswer::Known(version) =
            step.etags.first_response(&ready.target.instance.stack, ready)
        else {
            return Ok(false);
        };
        if kept != version.entity_tag {
            return Ok(false);
        }
        let now = now(&StateIdentity::default())?.without_items(STATE_ITEMS);
        let mut left_out = STATE_ITEMS.to_vec();
        left_out.push(ETAG);
        state_at_plan_time(clean).filter(|_| clean.items.without_items(&left_out).mismatch(&now).is_none())
    };
    // Checks the state's lineage, as any plan does; a state that went back to that of the clean plan
    // is refused by a new plan.
    Ok(planned_on.is_some_and(|state| ready.engine.check_state(&ready.target, &state, false).is_ok()))
}

/// Removes the record of the last clean plan before the stack is planned again; returns a note if that fails.
pub(super) fn remove_clean_plan(ready: &ReadyStack) -> Option<String> {
    let error = files::remove_if_there(&record_file(ready)).err()?;
    Some(format!("its last clean plan could not be forgotten, do not reuse it: {error}"))
}

/// Returns the entity tag of a state before the plan; `None` unless the run reuses plans.
pub(super) fn etag_before(step: &StepContext<'_>, ready: &ReadyStack) -> Option<RemoteVersion> {
    step.run.options.reuse?;
    let answer = match step.etags.first_response(&ready.target.instance.stack, ready) {
        // The first answer may be from before the engine's init.
        RemoteVersionAnswer::Unsupported => step.etags.request_again(ready),
        answer => answer,
    };
    match answer {
        RemoteVersionAnswer::Known(version) => Some(version),
        RemoteVersionAnswer::Unknown(_) | RemoteVersionAnswer::Unsupported => None,
    }
}

/// Returns a note with the reason why a state has no entity tag, if the server gave one.
pub(super) fn missing_entity_tag_note(step: &StepContext<'_>, ready: &ReadyStack) -> Option<String> {
    match step.etags.received(&ready.target.instance.stack)? {
        RemoteVersionAnswer::Unknown(Some(why)) => Some(format!("its state could not be asked for: {why}")),
        RemoteVersionAnswer::Known(_)
        | RemoteVersionAnswer::Unknown(None)
        | RemoteVersionAnswer::Unsupported => None,
    }
}

/// Stores the inputs of a complete and clean plan, with the digests that files and state had before the plan; returns a
/// note if that fails.
pub(super) fn store_clean_plan(
    step: &StepContext<'_>,
    ready: &ReadyStack,
    before: &InputsBeforePlan,
    planned: &Planned,
) -> Option<String> {
    let (run, options) = (step.run, &step.run.options);
    let is_narrowed = options.is_narrowed() || planned.is_incomplete();
    let whole = options.mode == PlanMode::Normal && !is_narrowed && options.replace.is_empty();
    let facts = planned
        .facts
        .as_ref()
        .filter(|_| whole && !planned.tentative && !ready.accept_lineage && ready.from_plans.is_empty())?;
    let kept = || -> Result<(), String> {
        let effective_init = ready.effective_init().map_err(|failure| failure.summary)?;
        let mut contents = before.contents.clone();
        contents.renew_packages(ready).map_err(|failure| failure.summary)?;
        let items = bound_items(
            run,
            ready,
            Binding::default(),
            &contents,
            &effective_init,
            &facts.state_at_plan_time(),
        );
        let mut items = items.map_err(|failure| failure.summary)?;
        // Equal before and after: the plan was made on this state.
        if let Some(version) = before.etag.clone()
            && step.etags.request_again(ready) == RemoteVersionAnswer::Known(version.clone())
        {
            items.bind(ETAG, version.entity_tag);
        }
        if let (Some(then), Some(address)) = (&before.state, effective_init.address.as_deref())
            && state_at(address).is_ok_and(|now| now.as_ref() == Some(then))
        {
            items.bind(CONTENT, then.content.clone());
        }
        let clean = CleanPlan { created: run.clock.now(), items, run: run.id.clone() };
        clean.write(&run.key, &record_file(ready)).map_err(|error| error.to_string())
    };
    kept().err().map(|why| format!("its plan cannot be reused later: {why}"))
}

/// Returns the state that a clean plan was made on; `None` if its record does not contain it.
fn state_at_plan_time(clean: &CleanPlan) -> Option<StateIdentity> {
    let lineage = clean.items.get(LINEAGE)?.to_owned();
    Some(StateIdentity { lineage, serial: clean.items.get(SERIAL)?.parse().ok()? })
}

fn record_file(ready: &ReadyStack) -> Utf8PathBuf {
    ready.target.state_dir.join(FILE)
}
