//! Canonical addresses of states by backend type: the location of one workspace's state in local, s3, pg, gcs and
//! others.
//!
//! Sources: the backends' pages in <https://opentofu.org/docs/language/settings/backends/configuration/>, and the
//! backends' code for the location of workspaces' states; s3, pg and local are measured by the tests on real engines.

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    Setting,
    backend_settings::{BackendSettings, UnknownReason, text_of_setting},
    url,
};
use crate::files;

/// Backend and workspace to compute the address of a state from; `workspace` is `None` for the default workspace.
pub(super) struct AddressQuery<'a> {
    pub(super) settings: BackendSettings<'a>,
    pub(super) workspace: Option<&'a str>,
    /// Folder of the stack, which relative paths of a `local` backend start at.
    pub(super) dir: &'a Utf8Path,
}

impl AddressQuery<'_> {
    /// Returns the canonical address of the state; an error is the reason why only an engine can compute the address.
    pub(super) fn address(&self) -> Result<String, UnknownReason> {
        match self.settings.backend.backend_type.as_str() {
            "local" => self.local_address(),
            "s3" => self.s3_address(),
            "pg" => self.pg_address(),
            "gcs" => self.gcs_address(),
            "azurerm" => self.azurerm_address(),
            "http" => Ok(url::without_credentials(&self.settings.required("address", &["TF_HTTP_ADDRESS"])?)),
            "consul" => self.consul_address(),
            "kubernetes" => self.kubernetes_address(),
            "cos" => self.bucket_address("cos", ""),
            "oss" => self.bucket_address("oss", "env:"),
            _ => self.address_from_all_settings(),
        }
    }

    fn local_address(&self) -> Result<String, UnknownReason> {
        let path = match self.workspace {
            None => Utf8PathBuf::from(
                self.settings.get("path", &[])?.unwrap_or_else(|| "terraform.tfstate".to_owned()),
            ),
            // `path` applies to the default workspace alone.
            Some(workspace) => {
                let folder = self.settings.get("workspace_dir", &[])?;
                let folder = folder.unwrap_or_else(|| "terraform.tfstate.d".to_owned());
                Utf8PathBuf::from(folder).join(workspace).join("terraform.tfstate")
            }
        };
        let path = self.dir.join(path);
        // Two paths that lead to one file through a symbolic link are one state.
        let path = if path.is_absolute() { files::resolve_links(&path) } else { files::normalised(&path) };
        Ok(format!("local:{path}"))
    }

    fn s3_address(&self) -> Result<String, UnknownReason> {
        let bucket = self.settings.required("bucket", &[])?;
        let key = self.settings.required("key", &[])?;
        let key = match self.workspace {
            None => key,
            Some(workspace) => {
                let prefix = self.settings.get("workspace_key_prefix", &[])?;
                join_non_empty(&[prefix.as_deref().unwrap_or("env:"), workspace, &key])
            }
        };
        let endpoint = match self.settings.nested("endpoints", "s3")? {
            Some(endpoint) => Some(endpoint),
            None => self
                .settings
                .get("endpoint", &["AWS_ENDPOINT_URL_S3", "AWS_S3_ENDPOINT", "AWS_ENDPOINT_URL"])?,
        };
        let at = endpoint.map(|url| format!(" at {}", url::without_credentials(&url))).unwrap_or_default();
        Ok(format!("s3://{bucket}/{key}{at}"))
    }

    fn pg_address(&self) -> Result<String, UnknownReason> {
        let schema = self.settings.get("schema_name", &["PG_SCHEMA_NAME"])?;
        let server = if let Some(connection) = self.settings.get("conn_str", &["PG_CONN_STR"])? {
            url::postgres_database(&connection)
        } else {
            let part = |key: &str, variable: &str| -> Result<String, UnknownReason> {
                let value = self.settings.variable(variable)?;
                Ok(value.map(|value| format!("{key}={value} ")).unwrap_or_default())
            };
            let parts = [part("host", "PGHOST")?, part("port", "PGPORT")?, part("dbname", "PGDATABASE")?];
            url::postgres_database(&parts.concat())
        };
        let schema = schema.as_deref().unwrap_or("terraform_remote_state");
        // `table_name` is a setting of OpenTofu alone; the default table is left out, so that both engines' addresses
        // are equal.
        let table = self.settings.get("table_name", &["PG_TABLE_NAME"])?.filter(|table| table != "states");
        let table = table.map(|table| format!("/{table}")).unwrap_or_default();
        Ok(format!("pg://{server}/{schema}{table}/{}", self.workspace.unwrap_or("default")))
    }

    fn gcs_address(&self) -> Result<String, UnknownReason> {
        let bucket = self.settings.required("bucket", &[])?;
        let prefix = self.settings.get("prefix", &[])?.unwrap_or_default();
        let name = format!("{}.tfstate", self.workspace.unwrap_or("default"));
        Ok(format!("gs://{bucket}/{}", join_non_empty(&[&prefix, &name])))
    }

    fn azurerm_address(&self) -> Result<String, UnknownReason> {
        let account = self.settings.required("storage_account_name", &[])?;
        let container = self.settings.required("container_name", &[])?;
        let key = self.settings.required("key", &[])?;
        let suffix = self.workspace.map(|workspace| format!("env:{workspace}")).unwrap_or_default();
        Ok(format!("azurerm://{account}/{container}/{key}{suffix}"))
    }

    fn consul_address(&self) -> Result<String, UnknownReason> {
        let server = self.settings.get("address", &["CONSUL_HTTP_ADDR"])?;
        let server = url::without_credentials(server.as_deref().unwrap_or("127.0.0.1:8500"));
        let path = self.settings.required("path", &[])?;
        let suffix = self.workspace.map(|workspace| format!("-env:{workspace}")).unwrap_or_default();
        Ok(format!("consul://{server}/{path}{suffix}"))
    }

    fn kubernetes_address(&self) -> Result<String, UnknownReason> {
        let suffix = self.settings.required("secret_suffix", &[])?;
        let namespace = self.settings.get("namespace", &["KUBE_NAMESPACE"])?;
        let cluster = match self.settings.get("host", &["KUBE_HOST"])? {
            Some(host) => url::without_credentials(&host),
            None => {
                self.settings.get("config_context", &["KUBE_CTX"])?.unwrap_or_else(|| "current".to_owned())
            }
        };
        let namespace = namespace.as_deref().unwrap_or("default");
        let workspace = self.workspace.unwrap_or("default");
        Ok(format!("kubernetes://{cluster}/{namespace}/tfstate-{workspace}-{suffix}"))
    }

    fn bucket_address(&self, scheme: &str, default_prefix: &str) -> Result<String, UnknownReason> {
        let bucket = self.settings.required("bucket", &[])?;
        let prefix = self.settings.get("prefix", &[])?;
        let prefix = prefix.as_deref().unwrap_or(default_prefix);
        let key = self.settings.get("key", &[])?;
        let key = key.as_deref().unwrap_or("terraform.tfstate");
        Ok(format!(
            "{scheme}://{bucket}/{}",
            join_non_empty(&[prefix, self.workspace.unwrap_or_default(), key])
        ))
    }

    /// Returns the address of a state in a backend type that has no rule of its own here: all settings of the backend except
    /// likely credentials.
    fn address_from_all_settings(&self) -> Result<String, UnknownReason> {
        let hidden = ["password", "secret", "token", "credential", "access_key", "private_key", "client_key"];
        if let Some(because) = &self.settings.backend.unread {
            return Err(because.clone());
        }
        let mut pairs = Vec::new();
        for (key, setting) in &self.settings.backend.values {
            match setting {
                Setting::Unknown(because) => return Err(because.clone()),
                Setting::Known(value) if !hidden.iter().any(|word| key.contains(word)) => {
                    pairs.push(format!("{key}={}", text_of_setting(value)));
                }
                Setting::Known(_) => {}
            }
        }
        pairs.sort();
        let backend_type = &self.settings.backend.backend_type;
        Ok(format!("{backend_type}:{} workspace={}", pairs.join(" "), self.workspace.unwrap_or("default")))
    }
}

/// Joins the parts that are not empty with one slash between them.
fn join_non_empty(parts: &[&str]) -> String {
    let parts = parts.iter().map(|part| part.trim_matches('/')).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("/")
}
