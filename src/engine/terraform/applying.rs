//! Apply of a plan file, never retried, with its output in files; and reads of the state and the outputs of an instance.

use std::collections::BTreeSet;

use camino::Utf8Path;
use serde::{Deserialize, de::DeserializeOwned};

use super::backend_check::{check_plan, claim_checked};
use crate::{
    engine::{
        Applied, EngineError, ExactJson, OutputKind, PrintedOutput, Session, StateIdentity, Target,
        driver::Driver,
        messages::exit_error::{CANCELLED, ended_badly, failed_text, unbelievable},
        plan_file::{metadata::plan_facts, plan_variables::takes_var_files},
        process::{
            call::{Streamed, Written, capture, stream_mutating},
            document::document,
        },
        recovery::{self, EngineReports},
        state::{
            after_apply::{StateBefore, local_version},
            file::State,
            lineage::{self, KnownState},
        },
        typed_command::mutating::{rescue, take_turns},
    },
    model::{Failure, FailureKind, ResourceAddress},
    process::Exit,
};

/// Applies a plan file; a failure says how far the apply got.
pub(in crate::engine) fn apply(
    driver: &dyn Driver,
    target: &Target,
    plan: &Utf8Path,
    session: &Session<'_>,
) -> Result<Applied, EngineError> {
    let facts = plan_facts(plan).ok();
    // Two environments that share a folder would overwrite each other's unsaved state.
    // Both locks are held until the state was compared: the changes of another apply in between would count as this one's.
    let _turn = take_turns(target, session)?;
    let _used = driver.lock_in_use(target, session)?;
    claim_checked(driver, target)?;
    if let Some(facts) = &facts {
        check_plan(driver, target, facts)?;
    }
    driver.check_unit_backend(target, facts.as_ref(), session)?;
    recovery::refuse_to_change(driver, target, true).map_err(EngineError::Failed)?;
    let with_values = takes_var_files(driver.core(), target, plan).map_err(EngineError::Failed)?;
    let before = StateBefore::of_plan(driver, target, facts.as_ref()).map_err(EngineError::Failed)?;
    recovery::begin(target, session.log).map_err(EngineError::Failed)?;
    before.record_first(driver, target).map_err(EngineError::Failed)?;
    let written = Written::of(session);
    let streamed =
        stream_mutating(session, target, &driver.apply_command(target, plan, with_values), &written);
    let told = streamed.as_ref().ok();
    let went_well = told.is_some_and(|told| told.exit.is_success() && told.signs.error.is_none());
    let signs = told.map(|told| &told.signs);
    let suspect = !went_well || told.is_some_and(Streamed::printed_its_state);
    let (rescued, removed) = rescue(driver, (target, session), written, suspect, signs);
    let streamed = match (streamed, &rescued) {
        (Err(error), Ok(Some(rescued))) => {
            return Err(EngineError::Failed(rescued.failure(target, Some(error))));
        }
        (Ok(streamed), _) => streamed,
        (Err(error), _) => return Err(before.failed(driver, target, (error, None), session)),
    };
    let mut notes = streamed.notes.clone();
    notes.extend(removed);
    let signs = &streamed.signs;
    let error = match streamed.exit {
        Exit::Code(0) => streamed
            .nonsense(driver.program_name(), driver.dialect())
            .or_else(|| unbelievable(driver, &streamed, target, session))
            .map(|failure| half_done(EngineError::Failed(failure), signs)),
        _ => Some(half_done(ended_badly(driver, &streamed, "apply", target, session), signs)),
    };
    match (rescued.map_err(EngineError::Failed)?, error) {
        (Some(rescued), error) => return Err(EngineError::Failed(rescued.failure(target, error))),
        (None, Some(error)) => {
            return Err(before.failed(driver, target, (error, Some(&streamed.signs)), session));
        }
        (None, None) => {}
    }
    if let Some(version) = &streamed.version {
        notes.extend(driver.check_version(version).unwrap_or_else(|failure| Some(failure.summary)));
    }
    let compared = before.compare(driver, target, (&streamed.signs, Some(plan)), session);
    notes.extend(compared.map_err(|failure| {
        EngineError::Failed(Failure { engine_exit_code: streamed.exit.code(), ..failure })
    })?);
    Ok(Applied { exit_code: 0, notes })
}

impl StateBefore {
    /// Records the state that a failed apply left, and adds to its error what that state shows.
    fn failed(
        &self,
        driver: &dyn Driver,
        target: &Target,
        (error, signs): (EngineError, Option<&EngineReports>),
        session: &Session<'_>,
    ) -> EngineError {
        match (error, self.remember_after_failure(driver, target, signs, session)) {
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

/// Maximum number of done resources that the error of an apply names; the log has all.
const NAMED: usize = 3;

/// Adds to the error of an apply the resources that were done before it, and those that are tainted.
fn half_done(error: EngineError, signs: &EngineReports) -> EngineError {
    // A resource that was replaced was deleted before it was made.
    let done: Vec<&str> =
        signs.done.iter().filter(|done| !signs.tainted.contains(done)).map(String::as_str).collect();
    let extent = match done.len() {
        0 if !signs.tainted.is_empty() => "no other resource was done".to_owned(),
        0 => "no resource was done".to_owned(),
        1 => "1 resource was done".to_owned(),
        several => format!("{several} resources were done"),
    };
    let names = match done.as_slice() {
        few @ [_, ..] if few.len() <= NAMED => format!(": `{}`", few.join("`, `")),
        _ => String::new(),
    };
    let tainted = |what: &'static str| {
        signs.tainted.iter().map(move |address| {
            format!("`{address}` was made and its provisioner {what}: it is tainted, and the next plan replaces it")
        })
    };
    match error {
        EngineError::Failed(failure) => {
            let mut lines = vec![failure.detail.clone()];
            lines.extend(tainted("failed"));
            lines.push(format!("{extent} before it failed{names}"));
            EngineError::Failed(failure.with_detail(lines.join("\n").trim()))
        }
        EngineError::Interrupted { mut notes } => {
            if !signs.tainted.is_empty() {
                notes.retain(|note| note != CANCELLED);
            }
            notes.extend(tainted("was cancelled"));
            notes.push(format!("{extent} when it was interrupted{names}"));
            EngineError::Interrupted { notes: vec![notes.join("; ")] }
        }
        other @ (EngineError::MissingWorkspace { .. }
        | EngineError::WrongBackend(_)
        | EngineError::KeptLockfile(_)
        | EngineError::Excluded(_)) => other,
    }
}

/// Reads lineage and serial of the current state of a prepared instance; empty if there is no state.
pub(in crate::engine) fn state_identity(
    driver: &dyn Driver,
    target: &Target,
    session: &Session<'_>,
) -> Result<StateIdentity, EngineError> {
    Ok(pull(driver, target, session)?.unwrap_or_default())
}

/// Reads the state of a prepared instance and records its lineage. Refuses a state that is not the last known one (unless
/// `accept_lineage`) or that belongs to another instance.
pub(in crate::engine) fn known_state(
    driver: &dyn Driver,
    target: &Target,
    accept_lineage: bool,
    session: &Session<'_>,
) -> Result<StateIdentity, EngineError> {
    let known = KnownState::read(target).map_err(EngineError::Failed)?;
    let state = state_identity(driver, target, session)?;
    if known.is_none() && !state.lineage.is_empty() {
        driver.check_unit_backend(target, None, session)?;
    }
    lineage::watch_in_force((driver, target), &known, (&state, accept_lineage))
        .map_err(EngineError::Failed)?;
    Ok(state)
}

/// Compares a state that was read before with the last known one, and records it.
pub(in crate::engine) fn check_state(
    driver: &dyn Driver,
    target: &Target,
    state: &StateIdentity,
    accept_lineage: bool,
) -> Result<(), EngineError> {
    KnownState::read(target)
        .and_then(|known| lineage::watch_in_force((driver, target), &known, (state, accept_lineage)))
        .map_err(EngineError::Failed)
}

/// Returns the addresses of the resources in the current state of a prepared instance.
pub(in crate::engine) fn state_addresses(
    driver: &dyn Driver,
    target: &Target,
    session: &Session<'_>,
) -> Result<BTreeSet<ResourceAddress>, EngineError> {
    match pull::<State>(driver, target, session)? {
        None => Ok(BTreeSet::new()),
        Some(state) => state.addresses().map_err(|error| {
            let summary = format!("the state of `{}` cannot be read: {error}", target.instance);
            EngineError::Failed(Failure::new(FailureKind::State, summary))
        }),
    }
}

/// Reads the state of a prepared instance with `state pull`; absent if the engine prints none.
pub(in crate::engine) fn pull<T: DeserializeOwned>(
    driver: &dyn Driver,
    target: &Target,
    session: &Session<'_>,
) -> Result<Option<T>, EngineError> {
    claim_checked(driver, target)?;
    let pulled = capture(session, &driver.state_command(target))?;
    if !pulled.exit.is_success() {
        return Err(failed_text(driver, &pulled, "state pull", target, session));
    }
    if !pulled.stdout.contains(&b'{') {
        return Ok(None);
    }
    document(&pulled.stdout, driver.dialect()).map(Some).map_err(|error| {
        let summary = format!("`{} state pull` cannot be understood: {error}", driver.program_name());
        EngineError::Failed(Failure::new(FailureKind::Engine, summary))
    })
}

/// Reads the outputs of a prepared instance with `output -json`. Refuses a local state that is not the last known one; that
/// check starts no process.
pub(in crate::engine) fn outputs(
    driver: &dyn Driver,
    target: &Target,
    session: &Session<'_>,
) -> Result<Vec<PrintedOutput>, EngineError> {
    #[derive(Deserialize)]
    struct Raw {
        #[serde(default)]
        sensitive: bool,
        #[serde(rename = "type")]
        kind: serde_json::Value,
        #[serde(default)]
        value: ExactJson,
    }
    claim_checked(driver, target)?;
    let known = KnownState::read(target).map_err(EngineError::Failed)?;
    let captured = capture(session, &driver.output_command(target))?;
    if !captured.exit.is_success() {
        return Err(failed_text(driver, &captured, "output -json", target, session));
    }
    if known.is_none() {
        driver.check_unit_backend(target, None, session)?;
    }
    // Terragrunt may have run in another folder than the one whose local state is read here.
    if let Some(state) = local_version(driver, target).filter(|state| !state.lineage.is_empty()) {
        lineage::watch_in_force((driver, target), &known, (&state, false)).map_err(EngineError::Failed)?;
    }
    let raw: indexmap::IndexMap<String, Raw> =
        document(&captured.stdout, driver.dialect()).map_err(|error| {
            let summary = format!("`{} output -json` cannot be understood: {error}", driver.program_name());
            EngineError::Failed(Failure::new(FailureKind::Engine, summary))
        })?;
    // A value that is not marked sensitive may hold a secret all the same.
    let holds_secret = |value: &ExactJson| session.runner.redactor().masks(&value.to_string());
    Ok(raw
        .into_iter()
        .map(|(name, raw)| PrintedOutput {
            name,
            sensitive: raw.sensitive || holds_secret(&raw.value),
            kind: OutputKind(raw.kind),
            value: raw.value,
        })
        .collect())
}
