//! Outputs in the last known state of an instance.

use std::io;

use camino::Utf8Path;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{
    lineage::{self, KnownState},
    local::{self, LocalState},
    read::pull,
};
use crate::{
    engine::{
        EffectiveInit, EngineError, KnownOutputs, Output, OutputKind, PlanFileError, StateIdentity,
        driver::Invocation, plan_file::metadata::state_before, recovery,
        terraform::backend_check::claim_checked,
    },
    model::{Failure, FailureKind, keeps_numbers},
};

#[derive(Deserialize, Default)]
struct StateOutputs {
    version: u64,
    #[serde(default)]
    lineage: String,
    #[serde(default)]
    serial: u64,
    #[serde(default)]
    outputs: IndexMap<String, RawRecordedOutput>,
}

#[derive(Deserialize)]
struct RawRecordedOutput {
    #[serde(default)]
    value: Option<Box<RawValue>>,
    #[serde(rename = "type", default)]
    kind: Value,
    #[serde(default)]
    sensitive: bool,
}

/// Version of the state format that envctl reads.
const VERSION: u64 = 4;

/// Returns the outputs of the state that a plan was made on, as it was before the refresh.
pub fn outputs_before(plan: &Utf8Path) -> Result<Vec<Output>, PlanFileError> {
    let state = parse_unencrypted(&state_before(plan)?).ok_or_else(|| PlanFileError::Broken {
        path: plan.to_owned(),
        reason: "its former state is no state".to_owned(),
    })?;
    Ok(outputs_of(state))
}

/// Returns the outputs of a prepared instance's state; refuses a state that is not the last known one or waits to be saved.
///
/// A local state is read as a file; a remote or encrypted state is read by the engine.
pub(in crate::engine) fn known_outputs(
    invocation: Invocation<'_>,
    effective_init: io::Result<EffectiveInit>,
    accept_lineage: bool,
) -> Result<KnownOutputs, EngineError> {
    let Invocation { driver, target, .. } = invocation;
    recovery::refuse_to_plan(target, false).map_err(EngineError::Failed)?;
    claim_checked(driver, target)?;
    let unreadable = |error: io::Error| {
        let summary = format!("the state of `{}` cannot be read: {error}", target.instance);
        EngineError::Failed(Failure::new(FailureKind::State, summary))
    };
    let address = effective_init.map_err(unreadable)?.address;
    let known = KnownState::read(target).map_err(EngineError::Failed)?;
    let in_file = address.as_deref().map(state_in_file).transpose().map_err(unreadable)?.flatten();
    // A known state that is not there may lie elsewhere: Terragrunt runs an engine in a folder that envctl may not know.
    let in_file = in_file.filter(|state| known.is_none() || !state.lineage.is_empty());
    let from_file = in_file.is_some();
    let state = match in_file {
        Some(state) => state,
        None => pull(invocation)?.unwrap_or_default(),
    };
    let identity = StateIdentity { lineage: state.lineage.clone(), serial: state.serial };
    lineage::check_and_record_in_force(driver, target, &known, &identity, accept_lineage)
        .map_err(EngineError::Failed)?;
    Ok(KnownOutputs { outputs: outputs_of(state), has_state: !identity.lineage.is_empty(), from_file })
}

/// Returns the local state at an address; `None` if only an engine can read it.
fn state_in_file(address: &str) -> io::Result<Option<StateOutputs>> {
    Ok(match local::read(address)? {
        LocalState::NotLocal => None,
        LocalState::Missing => Some(StateOutputs::default()),
        LocalState::Content(state) if state.trim_ascii().is_empty() => Some(StateOutputs::default()),
        LocalState::Content(state) => parse_unencrypted(&state),
    })
}

/// Parses a state; `None` if it is encrypted or has another format.
fn parse_unencrypted(state: &[u8]) -> Option<StateOutputs> {
    serde_json::from_slice(state).ok().filter(|state: &StateOutputs| state.version == VERSION)
}

fn outputs_of(state: StateOutputs) -> Vec<Output> {
    let output = |(name, RawRecordedOutput { value, kind, sensitive })| {
        let text = value.as_deref().map_or("null", RawValue::get);
        // The text was parsed as JSON before.
        let value = serde_json::from_str(text).unwrap_or_default();
        Output { name, sensitive, kind: OutputKind(kind), value, has_all_digits: keeps_numbers(text) }
    };
    state.outputs.into_iter().map(output).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    #[test]
    fn outputs_of_a_state_have_types_and_another_format_is_refused() {
        let state = json!({ "version": 4, "serial": 3, "outputs": {
            "id": { "value": "vpc-1", "type": "string" },
            "key": { "value": ["a"], "type": ["list", "string"], "sensitive": true },
        } });
        let found = outputs_of(parse_unencrypted(state.to_string().as_bytes()).unwrap());
        let shown: Vec<_> = found.iter().map(|o| (o.name.as_str(), &o.value, o.sensitive)).collect();
        assert_eq!(shown, [("id", &json!("vpc-1"), false), ("key", &json!(["a"]), true)]);
        assert!(parse_unencrypted(br#"{"encrypted_data":"x","encryption_version":"v0"}"#).is_none());
        assert!(parse_unencrypted(br#"{"version":3,"modules":[]}"#).is_none());
    }

    #[test]
    fn a_number_of_many_digits_is_recognised() {
        for exact in [
            "1",
            "-18446744073709551615e0",
            "18446744073709551615",
            "0.1",
            "1e300",
            "\"1234567890123456789012\"",
            "[\"\\\"\", 2]",
        ] {
            assert_eq!(keeps_numbers(exact), exact != "-18446744073709551615e0", "{exact}");
        }
        for inexact in ["12345678901234567890123", "{\"a\": [0.12345678901234567]}", "1.00000000000000000001"]
        {
            assert!(!keeps_numbers(inexact), "{inexact}");
        }
    }

    #[test]
    fn a_missing_local_state_has_no_outputs_and_a_remote_one_is_unknown() {
        let keep = tempfile::tempdir().unwrap();
        let path = keep.path().join("terraform.tfstate");
        let address = format!("local:{}", path.display());
        let names = |address: &str| state_in_file(address).unwrap().map(|state| outputs_of(state).len());
        assert_eq!(names(&address), Some(0));
        fs::write(&path, "").unwrap();
        assert_eq!(names(&address), Some(0));
        assert_eq!(names("s3://b/k"), None);
    }
}
