//! State address of a backend that an engine has initialised: the engine's record of the backend has no expressions.

use super::{EffectiveBackend, EnvValue, Setting, StateAddress, state_address};
use crate::engine::BackendInForce;

/// Returns the state address of an initialised backend, without credentials; `None` when its record lacks a required
/// setting.
pub fn initialised_address(backend: &BackendInForce<'_>) -> Option<String> {
    let known = backend.config.iter().filter(|(_, value)| !value.is_null());
    let effective = EffectiveBackend {
        backend_type: backend.backend_type.to_owned(),
        values: known.map(|(key, value)| (key.clone(), Setting::Known(value.clone()))).collect(),
        overrides: indexmap::IndexMap::new(),
        unread: None,
        header_span: None,
    };
    let variable = |name: &str| {
        let value = backend.env.get(std::ffi::OsStr::new(name)).filter(|value| !value.is_empty());
        value.map_or(EnvValue::Unset, |value| EnvValue::Set(value.to_string_lossy().into_owned()))
    };
    match state_address(&effective, backend.workspace, backend.folder, &variable) {
        StateAddress::Known(address) => Some(address),
        StateAddress::Unknown { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use camino::Utf8Path;
    use serde_json::{Value, json};

    use super::*;

    fn address(kind: &str, config: &Value, workspace: Option<&str>) -> Option<String> {
        let env = BTreeMap::from([("AWS_ENDPOINT_URL_S3".into(), "http://localhost:1".into())]);
        let (config, folder) = (config.as_object().unwrap(), Utf8Path::new("/p/app"));
        initialised_address(&BackendInForce { backend_type: kind, config, workspace, folder, env: &env })
    }

    #[test]
    fn an_open_address_is_completed_from_the_environment_and_the_folder() {
        let null = json!({ "path": null, "workspace_dir": null });
        assert_eq!(address("local", &null, None).unwrap(), "local:/p/app/terraform.tfstate");
        let relative = json!({ "path": "../x.tfstate" });
        assert_eq!(address("local", &relative, Some("default")).unwrap(), "local:/p/x.tfstate");
        let s3 = json!({ "bucket": "b", "key": "k", "endpoints": null, "secret_key": "hush" });
        assert_eq!(address("s3", &s3, Some("w")).unwrap(), "s3://b/env:/w/k at http://localhost:1");
        assert_eq!(address("s3", &json!({ "bucket": "b" }), None), None);
    }
}
