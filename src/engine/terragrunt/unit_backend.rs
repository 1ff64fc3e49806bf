//! Compares the backend of a Terragrunt unit with the `remote_state` of the unit.
//!
//! Arguments of the unit (`TF_CLI_ARGS_init`, `-backend-config`), or a changed cache, may make the driven engine use another
//! backend. Only Terragrunt can evaluate the unit's `remote_state`: envctl has it rendered before the first change in each
//! backend, and before a checkout without a record of the unit's state accepts the present state as the unit's own.

use std::os::unix::ffi::OsStrExt;

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::{rendered, unit_folders::working_folder};
use crate::{
    engine::{
        EngineError, PlanFacts, Target,
        driver::Invocation,
        layout::unit_file_in,
        state::read::pull,
        terraform::{
            backend_check::{current_backend, other_address, planned_backend, wrong_backend},
            backend_record::{BackendInFolder, BackendRecord},
        },
    },
    files,
    model::{Failure, FailureKind, hex},
    process::CommandLine,
};

/// File in an instance's folder that holds the digest of the backend that envctl compared last.
const COMPARED: &str = "compared_backend";

/// Refuses a plan file, or an initialised unit, whose backend differs from the unit's `remote_state`.
pub(in crate::engine) fn check_unit_backend(
    invocation: Invocation<'_>,
    facts: Option<&PlanFacts>,
    render: &CommandLine,
) -> Result<(), EngineError> {
    let Invocation { driver, target, .. } = invocation;
    let backend = match facts {
        Some(facts) => Some(planned_backend(driver, target, facts)?),
        None => initialised_backend(invocation)?,
    };
    let Some(backend) = backend else { return Ok(()) };
    let digest = digest(target, &backend)?;
    let compared = target.state_dir.join(COMPARED);
    if files::read_text(&compared).is_ok_and(|known| known == digest) {
        return Ok(());
    }
    let unit = rendered::unit(invocation, render)?;
    if let Some(configured) = unit_backend_config(&unit, &backend.record)
        && let Some(difference) = other_address(target, &backend.folder, &configured, &backend.record)
    {
        let summary = format!(
            "`{}` is initialised for another state than its `remote_state` says: {difference}",
            target.instance
        );
        let detail = "an engine would change that state: look for `-backend-config` in `extra_arguments` and `env_vars` of the \
                      unit, then remove its `.terragrunt-cache`";
        return Err(wrong_backend(summary, detail.to_owned()));
    }
    files::write(&compared, digest.as_bytes()).map_err(|error| {
        let summary = format!("cannot write `{compared}`, the last compared backend: {error}");
        EngineError::Failed(Failure::new(FailureKind::State, summary))
    })
}

/// Returns true if Terragrunt has initialised an engine for a unit.
pub(super) fn is_initialised(target: &Target) -> Result<bool, EngineError> {
    working_folder(target).map(|folder| folder.join(".terraform").is_dir()).map_err(|error| {
        let summary =
            format!("cannot tell where Terragrunt runs the engine of `{}`: {error}", target.instance);
        EngineError::Failed(Failure::new(FailureKind::State, summary))
    })
}

/// Returns the initialised backend of a unit; if there is none, lets Terragrunt initialise the unit by a read of its state.
/// `None` if the folder in which Terragrunt runs the engine is unknown.
fn initialised_backend(invocation: Invocation<'_>) -> Result<Option<BackendInFolder>, EngineError> {
    let Invocation { driver, target, .. } = invocation;
    if !is_initialised(target)? {
        pull::<Value>(invocation)?;
    }
    if !is_initialised(target)? {
        return Ok(None);
    }
    current_backend(driver, target).map_err(EngineError::Failed)
}

/// Returns the backend that a rendered unit states, without the keys that only Terragrunt uses; `None` if the unit configures
/// none or has `disable_init`.
fn unit_backend_config(unit: &Map<String, Value>, record: &BackendRecord) -> Option<BackendRecord> {
    let configured = unit.get("remote_state")?.as_object()?;
    if configured.get("disable_init") == Some(&Value::Bool(true)) {
        return None;
    }
    let mut config = configured.get("config").and_then(Value::as_object).cloned().unwrap_or_default();
    config.retain(|key, _| record.config.is_empty() || record.config.contains_key(key));
    Some(BackendRecord { backend_type: configured.get("backend")?.as_str()?.to_owned(), config })
}

/// Returns a digest of a backend, and of the unit's own file and environment.
fn digest(target: &Target, backend: &BackendInFolder) -> Result<String, EngineError> {
    let unit = files::read_text(&unit_file_in(&target.dir)).map_err(|error| {
        let summary = format!("cannot read the unit in `{}`: {error}", target.dir);
        EngineError::Failed(Failure::new(FailureKind::Config, summary))
    })?;
    let address = backend.record.address(target, &backend.folder).unwrap_or_default();
    let mut digest = Sha256::new();
    let mut add = |part: &[u8]| {
        digest.update(part.len().to_le_bytes());
        digest.update(part);
    };
    for part in [&backend.record.canonical(), &address, &unit] {
        add(part.as_bytes());
    }
    for (name, value) in target.env.iter() {
        add(name.as_bytes());
        add(value.as_bytes());
    }
    Ok(hex(&digest.finalize()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn configured_backend(remote_state: &Value, record: &Value) -> Option<Map<String, Value>> {
        let record = BackendRecord {
            backend_type: "s3".to_owned(),
            config: record.as_object().cloned().unwrap_or_default(),
        };
        let unit = json!({ "remote_state": remote_state });
        unit_backend_config(unit.as_object()?, &record).map(|configured| configured.config)
    }

    #[test]
    fn keys_that_only_terragrunt_knows_are_not_compared() {
        let unit = json!({ "backend": "s3", "config": { "key": "k", "s3_bucket_tags": { "a": "b" } } });
        let found = configured_backend(&unit, &json!({ "bucket": "b", "key": null }));
        assert_eq!(found.as_ref(), json!({ "key": "k" }).as_object());
        // Without a record the unit's configuration is compared as a whole.
        assert_eq!(configured_backend(&unit, &json!({})).map(|config| config.len()), Some(2));
    }

    #[test]
    fn a_unit_without_a_backend_of_its_own_states_none() {
        assert_eq!(configured_backend(&Value::Null, &json!({})), None);
        let left_to_others = json!({ "backend": "s3", "config": {}, "disable_init": true });
        assert_eq!(configured_backend(&left_to_others, &json!({})), None);
    }
}
