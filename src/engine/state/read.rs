//! Reads of the current state and the outputs of a prepared instance.

use std::collections::BTreeSet;

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    file::StateFile,
    lineage::{self, KnownState},
    stamp::state_at,
};
use crate::{
    engine::{
        EngineError, ExactJson, OutputKind, PrintedOutput, Session, StateIdentity, Target,
        driver::Driver,
        messages::exit_error::failed_text,
        process::{call::capture, document::document},
        terraform::backend_check::{claim_checked, current_backend},
    },
    model::{Failure, FailureKind, ResourceAddress},
};

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
    match pull::<StateFile>(driver, target, session)? {
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
    struct RawPrintedOutput {
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
    let raw: indexmap::IndexMap<String, RawPrintedOutput> = document(&captured.stdout, driver.dialect())
        .map_err(|error| {
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

/// Returns the address of the backend in force.
pub(super) fn address_in_force(driver: &dyn Driver, target: &Target) -> Option<String> {
    let backend = current_backend(driver, target).ok()??;
    backend.record.address(target, &backend.folder)
}

/// Returns lineage and serial of a local state; absent if the state is remote, missing or unreadable.
pub(super) fn local_version(driver: &dyn Driver, target: &Target) -> Option<StateIdentity> {
    state_at(&address_in_force(driver, target)?).ok()?.map(|found| found.state)
}
