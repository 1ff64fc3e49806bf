//! Canonical text of the location of a state: two texts are equal exactly when the states are the same.

use std::fmt;

use camino::Utf8Path;

use super::{EffectiveBackend, EnvValue, backend_settings::BackendSettings, backends::AddressQuery};

/// Address of a state, as far as envctl can compute it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum StateAddress {
    /// Address in canonical form, without credentials: `s3://bucket/env:/staging/key`.
    Known(String),
    /// Address that only an engine can compute.
    Unknown {
        /// Reason why envctl cannot compute the address, for a message.
        because: String,
    },
}

impl StateAddress {
    /// Returns the canonical text; `None` when only an engine can compute the address.
    pub fn canonical_text(&self) -> Option<&str> {
        match self {
            Self::Known(text) => Some(text),
            Self::Unknown { .. } => None,
        }
    }

    /// Returns the path of a local state; `None` for another backend type, or an unknown address.
    pub fn local_path(&self) -> Option<&Utf8Path> {
        self.canonical_text()?.strip_prefix("local:").map(Utf8Path::new)
    }

    /// Makes the path of a local state relative to the project's folder, if the path is inside of it. `real_project` is
    /// the project's folder with symbolic links resolved.
    #[must_use]
    pub fn relative_to_project(self, real_project: &Utf8Path) -> Self {
        let Some(path) = self.local_path() else { return self };
        let below = path.strip_prefix(real_project).ok();
        below.map(|path| Self::Known(format!("local:{path}"))).unwrap_or(self)
    }
}

impl fmt::Display for StateAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(text) => f.write_str(text),
            Self::Unknown { because } => write!(f, "unknown: {because}"),
        }
    }
}

/// Returns the address of a workspace's state in a backend.
///
/// `dir` is the stack's folder, which a relative path of a local state starts at. Symbolic links are resolved if the path
/// is absolute.
pub fn state_address(
    backend: &EffectiveBackend,
    workspace: Option<&str>,
    dir: &Utf8Path,
    environment: &dyn Fn(&str) -> EnvValue,
) -> StateAddress {
    let workspace = workspace.filter(|name| *name != "default");
    match (AddressQuery { settings: BackendSettings { backend, environment }, workspace, dir }).address() {
        Ok(text) => StateAddress::Known(text),
        Err(because) => StateAddress::Unknown { because },
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::inventory::address::Setting;

    fn address_with(
        backend_type: &str,
        values: &Value,
        workspace: Option<&str>,
        variables: &[(&str, &str)],
    ) -> String {
        let values = values.as_object().unwrap().iter();
        let backend = EffectiveBackend {
            backend_type: backend_type.to_owned(),
            values: values.map(|(k, v)| (k.clone(), Setting::Known(v.clone()))).collect(),
            overrides: indexmap::IndexMap::new(),
            unread: None,
            header_span: None,
        };
        let environment = |name: &str| {
            let set = variables.iter().find(|(variable, _)| *variable == name);
            set.map_or(EnvValue::Unset, |(_, value)| EnvValue::Set((*value).to_owned()))
        };
        state_address(&backend, workspace, Utf8Path::new("infra/app"), &environment).to_string()
    }

    fn address(backend_type: &str, values: &Value, workspace: Option<&str>) -> String {
        address_with(backend_type, values, workspace, &[])
    }

    #[test]
    fn s3_workspaces_lie_under_their_prefix() {
        let values = json!({ "bucket": "b", "key": "app/state", "region": "eu" });
        assert_eq!(address("s3", &values, None), "s3://b/app/state");
        assert_eq!(address("s3", &values, Some("default")), "s3://b/app/state");
        assert_eq!(address("s3", &values, Some("staging")), "s3://b/env:/staging/app/state");
        let values = json!({ "bucket": "b", "key": "k", "workspace_key_prefix": "ws" });
        assert_eq!(address("s3", &values, Some("staging")), "s3://b/ws/staging/k");
    }

    #[test]
    fn another_endpoint_is_another_state() {
        let values = json!({ "bucket": "b", "key": "k", "endpoints": { "s3": "http://localhost:5000" } });
        assert_eq!(address("s3", &values, None), "s3://b/k at http://localhost:5000");
        let values = json!({ "bucket": "b", "key": "k" });
        let variables = [("AWS_ENDPOINT_URL_S3", "http://other:5000")];
        assert_eq!(address_with("s3", &values, None, &variables), "s3://b/k at http://other:5000");
    }

    #[test]
    fn a_local_state_lies_in_the_stacks_folder() {
        assert_eq!(address("local", &json!({}), None), "local:infra/app/terraform.tfstate");
        assert_eq!(
            address("local", &json!({ "path": "../x.tfstate" }), Some("staging")),
            "local:infra/app/terraform.tfstate.d/staging/terraform.tfstate"
        );
        assert_eq!(address("local", &json!({ "path": "../x.tfstate" }), None), "local:infra/x.tfstate");
        assert_eq!(address("local", &json!({ "path": "/srv/x.tfstate" }), None), "local:/srv/x.tfstate");
        assert_eq!(
            address("local", &json!({ "workspace_dir": "states" }), Some("a")),
            "local:infra/app/states/a/terraform.tfstate"
        );
    }

    #[test]
    fn a_pg_state_is_told_without_its_password() {
        let values = json!({ "conn_str": "postgres://u:hush@db/states", "schema_name": "app" });
        assert_eq!(address("pg", &values, Some("dev")), "pg://db:5432/states/app/dev");
        let values = json!({ "conn_str": "dbname=x", "table_name": "t" });
        assert_eq!(address("pg", &values, None), "pg://localhost:5432/x/terraform_remote_state/t/default");
        let variables = [("PG_CONN_STR", "postgres://u:hush@other:6000/x")];
        assert_eq!(
            address_with("pg", &json!({}), None, &variables),
            "pg://other:6000/x/terraform_remote_state/default"
        );
    }

    #[test]
    fn the_other_backends_have_their_own_forms() {
        assert_eq!(
            address("gcs", &json!({ "bucket": "b", "prefix": "p/" }), Some("dev")),
            "gs://b/p/dev.tfstate"
        );
        let azure = json!({ "storage_account_name": "a", "container_name": "c", "key": "k" });
        assert_eq!(address("azurerm", &azure, Some("dev")), "azurerm://a/c/kenv:dev");
        assert_eq!(address("http", &json!({ "address": "https://u:p@h/s" }), None), "https://h/s");
        assert_eq!(
            address("consul", &json!({ "path": "p" }), Some("dev")),
            "consul://127.0.0.1:8500/p-env:dev"
        );
        assert_eq!(
            address("kubernetes", &json!({ "secret_suffix": "s" }), None),
            "kubernetes://current/default/tfstate-default-s"
        );
        assert_eq!(
            address("oss", &json!({ "bucket": "b" }), Some("dev")),
            "oss://b/env:/dev/terraform.tfstate"
        );
        assert_eq!(
            address("new", &json!({ "b": 1, "a": "x", "auth_token": "hush" }), None),
            "new:a=x b=1 workspace=default"
        );
    }

    #[test]
    fn a_missing_key_makes_the_address_unknown() {
        assert_eq!(
            address("s3", &json!({ "bucket": "b" }), None),
            "unknown: `key` is set neither in the backend block nor in `backend_files` nor in `backend.s3`"
        );
    }
}
