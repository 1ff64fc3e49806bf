//! Reads of the current state and the outputs of a prepared instance.

use std::collections::BTreeSet;

use serde::{Deserialize, de::DeserializeOwned};

use super::{
    file::StateFile,
    identity::state_at,
    lineage::{self, KnownState},
};
use crate::{
    engine::{
        EngineError, ExactJson, OutputKind, PrintedOutput, StateIdentity, Target,
        driver::{Driver, Invocation},
        messages::exit_error::command_error,
        process::{call::capture, document::document},
        terraform::backend_check::{claim_checked, current_backend},
    },
    model::{Failure, FailureKind, ResourceAddress},
};

/// Reads lineage and serial of the current state of a prepared instance; both are empty if there is no state.
pub(in crate::engine) fn state_identity(invocation: Invocation<'_>) -> Result<StateIdentity, EngineError> {
    Ok(pull(invocation)?.unwrap_or_default())
}

/// Reads lineage and serial of the current state of a prepared instance from its file if that is local and readable, else by
/// the engine.
pub(in crate::engine) fn state_version(invocation: Invocation<'_>) -> Result<StateIdentity, EngineError> {
    let local = local_version(invocation.driver, invocation.target);
    match local.filter(|state| !state.lineage.is_empty()) {
        Some(state) => Ok(state),
        None => state_identity(invocation),
    }
}

/// Reads the state of a prepared instance and records its lineage. Refuses a state that is not the last known one (unless
/// `accept_lineage`) or that belongs to another instance.
pub(in crate::engine) fn known_state(
    invocation: Invocation<'_>,
    accept_lineage: bool,
) -> Result<StateIdentity, EngineError> {
    let Invocation { driver, target, .. } = invocation;
    let known = KnownState::read(target).map_err(EngineError::Failed)?;
    let state = state_identity(invocation)?;
    if known.is_none() && !state.lineage.is_empty() {
        invocation.check_unit_backend(None)?;
    }
    lineage::check_and_record_in_force(driver, target, &known, &state, accept_lineage)
        .map_err(EngineError::Failed)?;
    Ok(state)
}

/// Compares a state that the caller has read with the last known one, and records it.
pub(in crate::engine) fn check_state(
    driver: &dyn Driver,
    target: &Target,
    state: &StateIdentity,
    accept_lineage: bool,
) -> Result<(), EngineError> {
    KnownState::read(target)
        .and_then(|known| lineage::check_and_record_in_force(driver, target, &known, state, accept_lineage))
        .map_err(EngineError::Failed)
}

/// Returns the addresses of the resources in the current state of a prepared instance.
pub(in crate::engine) fn state_addresses(
    invocation: Invocation<'_>,
) -> Result<BTreeSet<ResourceAddress>, EngineError> {
    match pull::<StateFile>(invocation)? {
        None => Ok(BTreeSet::new()),
        Some(state) => state.addresses().map_err(|error| {
            let summary = format!("the state of `{}` cannot be read: {error}", invocation.target.instance);
            EngineError::Failed(Failure::new(FailureKind::State, summary))
        }),
    }
}

/// Reads the state of a prepared instance with `state pull`; `None` if the engine prints no state.
pub(in crate::engine) fn pull<T: DeserializeOwned>(
    invocation: Invocation<'_>,
) -> Result<Option<T>, EngineError> {
    let Invocation { driver, target, .. } = invocation;
    claim_checked(driver, target)?;
    let pulled = capture(invocation.session, &driver.state_command(target))?;
    if !pulled.exit.is_success() {
        return Err(command_error(invocation, &pulled, "state pull"));
    }
    if !pulled.stdout.contains(&b'{') {
        return Ok(None);
    }
    document(&pulled.stdout, driver.dialect())
        .map(Some)
        .map_err(|error| invocation.unparsable("state pull", &error))
}

/// Reads the outputs of a prepared instance with `output -json`. Refuses a local state that is not the last known one; that
/// check starts no process.
pub(in crate::engine) fn outputs(invocation: Invocation<'_>) -> Result<Vec<PrintedOutput>, EngineError> {
    #[derive(Deserialize)]
    struct RawPrintedOutput {
        #[serde(default)]
        sensitive: bool,
        #[serde(rename = "type")]
        kind: serde_json::Value,
        #[serde(default)]
        value: ExactJson,
    }
    let Invocation { driver, target, session } = invocation;
    claim_checked(driver, target)?;
    let known = KnownState::read(target).map_err(EngineError::Failed)?;
    let captured = capture(session, &driver.output_command(target))?;
    if !captured.exit.is_success() {
        return Err(command_error(invocation, &captured, "output -json"));
    }
    if known.is_none() {
        invocation.check_unit_backend(None)?;
    }
    // Terragrunt may have run in another folder than the one whose local state is read here.
    if let Some(state) = local_version(driver, target).filter(|state| !state.lineage.is_empty()) {
        lineage::check_and_record_in_force(driver, target, &known, &state, false)
            .map_err(EngineError::Failed)?;
    }
    let raw: indexmap::IndexMap<String, RawPrintedOutput> = document(&captured.stdout, driver.dialect())
        .map_err(|error| invocation.unparsable("output -json", &error))?;
    // A value that is not marked sensitive may hold a secret all the same.
    let holds_secret = |value: &ExactJson| session.runner.redactor().contains_secret(&value.to_string());
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

/// Returns the address of the state in the backend that the engine has initialised.
pub(super) fn initialised_address(driver: &dyn Driver, target: &Target) -> Option<String> {
    let backend = current_backend(driver, target).ok()??;
    backend.record.address(target, &backend.folder)
}

/// Returns lineage and serial of a local state; `None` if the state is remote, missing or unreadable.
pub(super) fn local_version(driver: &dyn Driver, target: &Target) -> Option<StateIdentity> {
    state_at(&initialised_address(driver, target)?).ok()?.map(|found| found.state)
}
