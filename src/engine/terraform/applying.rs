//! Apply of a plan file, never retried, with its output in files.

use camino::Utf8Path;

use super::backend_check::{check_plan, claim_checked};
use crate::{
    engine::{
        Applied, EngineError,
        driver::Invocation,
        messages::exit_error::{PROVISIONER_CANCELLED, hidden_failure, stream_error},
        plan_file::{metadata::plan_facts, plan_variables::takes_var_files},
        process::{
            call::{OutputFiles, StreamResult, stream_mutating},
            folder_lock::lock_for_apply,
        },
        recovery::{self, EngineReports, rescue_after},
        state::after_apply::StateBefore,
    },
    model::Failure,
    process::Exit,
};

/// Applies a plan file; a failure says how far the apply got.
pub(in crate::engine) fn apply(invocation: Invocation<'_>, plan: &Utf8Path) -> Result<Applied, EngineError> {
    let Invocation { driver, target, session } = invocation;
    let facts = plan_facts(plan).ok();
    // Two environments that share a folder would overwrite each other's unsaved state.
    // Both locks are held until the state was compared: the changes of another apply in between would count as this one's.
    let _turn = lock_for_apply(target, session)?;
    let _used = driver.lock_in_use(target, session)?;
    claim_checked(driver, target)?;
    if let Some(facts) = &facts {
        check_plan(driver, target, facts)?;
    }
    invocation.check_unit_backend(facts.as_ref())?;
    recovery::refuse_to_change(driver, target, true).map_err(EngineError::Failed)?;
    let with_values = takes_var_files(driver.core(), target, plan).map_err(EngineError::Failed)?;
    let before = StateBefore::of_plan(driver, target, facts.as_ref()).map_err(EngineError::Failed)?;
    recovery::record_start(target, session.log).map_err(EngineError::Failed)?;
    before.record_first(driver, target).map_err(EngineError::Failed)?;
    let output_files = OutputFiles::for_session(session);
    let streamed =
        stream_mutating(session, target, &driver.apply_command(target, plan, with_values), &output_files);
    let ended = streamed.as_ref().ok();
    let succeeded = ended.is_some_and(|ended| ended.exit.is_success() && ended.reports.error.is_none());
    let reports = ended.map(|ended| &ended.reports);
    let may_hold_state = !succeeded || ended.is_some_and(StreamResult::printed_its_state);
    let (rescued, removed) = rescue_after(invocation, output_files, may_hold_state, reports);
    let streamed = match (streamed, &rescued) {
        (Err(error), Ok(Some(rescued))) => {
            return Err(EngineError::Failed(rescued.failure(target, Some(error))));
        }
        (Ok(streamed), _) => streamed,
        (Err(error), _) => return Err(before.explain_failure(invocation, error, None)),
    };
    let mut notes = streamed.notes.clone();
    notes.extend(removed);
    let reports = &streamed.reports;
    let error = match streamed.exit {
        Exit::Code(0) => streamed
            .implausible_output(driver.program_name(), driver.dialect())
            .or_else(|| hidden_failure(invocation, &streamed))
            .map(|failure| with_progress(EngineError::Failed(failure), reports)),
        _ => Some(with_progress(stream_error(invocation, &streamed, "apply"), reports)),
    };
    match (rescued.map_err(EngineError::Failed)?, error) {
        (Some(rescued), error) => return Err(EngineError::Failed(rescued.failure(target, error))),
        (None, Some(error)) => {
            return Err(before.explain_failure(invocation, error, Some(&streamed.reports)));
        }
        (None, None) => {}
    }
    if let Some(version) = &streamed.version {
        notes.extend(driver.check_version(version).unwrap_or_else(|failure| Some(failure.summary)));
    }
    let compared = before.compare(invocation, &streamed.reports, Some(plan));
    notes.extend(compared.map_err(|failure| {
        EngineError::Failed(Failure { engine_exit_code: streamed.exit.code(), ..failure })
    })?);
    Ok(Applied { exit_code: 0, notes })
}

impl StateBefore {
    /// Records the state that a failed apply left, and adds to the error of the apply what that state shows.
    fn explain_failure(
        &self,
        invocation: Invocation<'_>,
        error: EngineError,
        reports: Option<&EngineReports>,
    ) -> EngineError {
        match (error, self.remember_after_failure(invocation, reports)) {
            (error, Ok(None)) => error,
            (EngineError::Failed(failure), Ok(Some(note))) => {
                let detail = format!("{}\n{note}", failure.detail);
                EngineError::Failed(failure.with_detail(detail.trim()))
            }
            (EngineError::Failed(cause), Err(missing)) => {
                let detail =
                    format!("{}\nit failed with: {}\n{}", missing.detail, cause.summary, cause.detail);
                let failure = Failure { engine_exit_code: cause.engine_exit_code, ..missing };
                EngineError::Failed(failure.with_detail(detail.trim()))
            }
            (EngineError::Interrupted { mut notes }, found) => {
                notes.extend(
                    found.unwrap_or_else(|missing| Some(format!("{}: {}", missing.summary, missing.detail))),
                );
                EngineError::Interrupted { notes }
            }
            (error, _) => error,
        }
    }
}

/// Maximum number of finished resources that the error of an apply names; the log names all.
const MAX_NAMED: usize = 3;

/// Adds to the error of an apply the resources that it had finished, and those that are tainted.
fn with_progress(error: EngineError, reports: &EngineReports) -> EngineError {
    // A resource that was replaced was deleted before it was made.
    let done: Vec<&str> =
        reports.done.iter().filter(|done| !reports.tainted.contains(done)).map(String::as_str).collect();
    let progress = match done.len() {
        0 if !reports.tainted.is_empty() => "no other resource was done".to_owned(),
        0 => "no resource was done".to_owned(),
        1 => "1 resource was done".to_owned(),
        several => format!("{several} resources were done"),
    };
    let names = match done.as_slice() {
        few @ [_, ..] if few.len() <= MAX_NAMED => format!(": `{}`", few.join("`, `")),
        _ => String::new(),
    };
    let tainted = |what: &'static str| {
        reports.tainted.iter().map(move |address| {
            format!("`{address}` was made and its provisioner {what}: it is tainted, and the next plan replaces it")
        })
    };
    match error {
        EngineError::Failed(failure) => {
            let mut lines = vec![failure.detail.clone()];
            lines.extend(tainted("failed"));
            lines.push(format!("{progress} before it failed{names}"));
            EngineError::Failed(failure.with_detail(lines.join("\n").trim()))
        }
        EngineError::Interrupted { mut notes } => {
            if !reports.tainted.is_empty() {
                notes.retain(|note| note != PROVISIONER_CANCELLED);
            }
            notes.extend(tainted("was cancelled"));
            notes.push(format!("{progress} when it was interrupted{names}"));
            EngineError::Interrupted { notes: vec![notes.join("; ")] }
        }
        other @ (EngineError::MissingWorkspace { .. }
        | EngineError::WrongBackend(_)
        | EngineError::KeptLockfile(_)
        | EngineError::Excluded(_)) => other,
    }
}
