//! Canonical addresses of states by backend type: the place of one workspace's state in local, s3, pg, gcs and
//! others.
//!
//! Sources: the backends' pages in <https://opentofu.org/docs/language/settings/backends/configuration/>, and the
//! backends' code for the place of workspaces; s3, pg and local are measured by the tests on real engines.

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    Setting,
    fields::{Fields, UnknownReason, text},
    url,
};
use crate::files;

/// Backend and workspace whose state address is computed; `workspace` is absent for the default workspace.
pub(super) struct AddressQuery<'a> {
    pub(super) fields: Fields<'a>,
    pub(super) workspace: Option<&'a str>,
    /// Folder of the stack, which relative paths of a `local` backend start at.
    pub(super) dir: &'a Utf8Path,
}

impl AddressQuery<'_> {
    /// Returns the canonical address as text; an error is the reason why only an engine can compute it.
    pub(super) fn answer(&self) -> Result<String, UnknownReason> {
        match self.fields.backend.kind.as_str() {
            "local" => self.local(),
            "s3" => self.s3(),
            "pg" => self.pg(),
            "gcs" => self.gcs(),
            "azurerm" => self.azurerm(),
            "http" => Ok(url::without_credentials(&self.fields.required("address", &["TF_HTTP_ADDRESS"])?)),
            "consul" => self.consul(),
            "kubernetes" => self.kubernetes(),
            "cos" => self.bucket_with_prefix("cos", ""),
            "oss" => self.bucket_with_prefix("oss", "env:"),
            _ => self.anything_else(),
        }
    }

    fn local(&self) -> Result<String, UnknownReason> {
        let path = match self.workspace {
            None => Utf8PathBuf::from(
                self.fields.get("path", &[])?.unwrap_or_else(|| "terraform.tfstate".to_owned()),
            ),
            // `path` applies to the default workspace alone.
            Some(workspace) => {
                let folder = self.fields.get("workspace_dir", &[])?;
                let folder = folder.unwrap_or_else(|| "terraform.tfstate.d".to_owned());
                Utf8PathBuf::from(folder).join(workspace).join("terraform.tfstate")
            }
        };
        let path = self.dir.join(path);
        // Two paths that lead to one file through a symbolic link are one state.
        let path = if path.is_absolute() { files::resolve_links(&path) } else { files::normalised(&path) };
        Ok(format!("local:{path}"))
    }

    fn s3(&self) -> Result<String, UnknownReason> {
        let bucket = self.fields.required("bucket", &[])?;
        let key = self.fields.required("key", &[])?;
        let key = match self.workspace {
            None => key,
            Some(workspace) => {
                let prefix = self.fields.get("workspace_key_prefix", &[])?;
                joined(&[prefix.as_deref().unwrap_or("env:"), workspace, &key])
            }
        };
        let endpoint = match self.fields.nested("endpoints", "s3")? {
            Some(endpoint) => Some(endpoint),
            None => self
                .fields
                .get("endpoint", &["AWS_ENDPOINT_URL_S3", "AWS_S3_ENDPOINT", "AWS_ENDPOINT_URL"])?,
        };
        let at = endpoint.map(|url| format!(" at {}", url::without_credentials(&url))).unwrap_or_default();
        Ok(format!("s3://{bucket}/{key}{at}"))
    }

    fn pg(&self) -> Result<String, UnknownReason> {
        let schema = self.fields.get("schema_name", &["PG_SCHEMA_NAME"])?;
        let server = if let Some(connection) = self.fields.get("conn_str", &["PG_CONN_STR"])? {
            url::postgres(&connection)
        } else {
            let part = |key: &str, variable: &str| -> Result<String, UnknownReason> {
                let value = self.fields.variable(variable)?;
                Ok(value.map(|value| format!("{key}={value} ")).unwrap_or_default())
            };
            let parts = [part("host", "PGHOST")?, part("port", "PGPORT")?, part("dbname", "PGDATABASE")?];
            url::postgres(&parts.concat())
        };
        let schema = schema.as_deref().unwrap_or("terraform_remote_state");
        // `table_name` is a setting of OpenTofu alone; the default table is left out, so that both engines' addresses
        // are equal.
        let table = self.fields.get("table_name", &["PG_TABLE_NAME"])?.filter(|table| table != "states");
        let table = table.map(|table| format!("/{table}")).unwrap_or_default();
        Ok(format!("pg://{server}/{schema}{table}/{}", self.workspace.unwrap_or("default")))
    }

    fn gcs(&self) -> Result<String, UnknownReason> {
        let bucket = self.fields.required("bucket", &[])?;
        let prefix = self.fields.get("prefix", &[])?.unwrap_or_default();
        let name = format!("{}.tfstate", self.workspace.unwrap_or("default"));
        Ok(format!("gs://{bucket}/{}", joined(&[&prefix, &name])))
    }

    fn azurerm(&self) -> Result<String, UnknownReason> {
        let account = self.fields.required("storage_account_name", &[])?;
        let container = self.fields.required("container_name", &[])?;
        let key = self.fields.required("key", &[])?;
        let suffix = self.workspace.map(|workspace| format!("env:{workspace}")).unwrap_or_default();
        Ok(format!("azurerm://{account}/{container}/{key}{suffix}"))
    }

    fn consul(&self) -> Result<String, UnknownReason> {
        let server = self.fields.get("address", &["CONSUL_HTTP_ADDR"])?;
        let server = url::without_credentials(server.as_deref().unwrap_or("127.0.0.1:8500"));
        let path = self.fields.required("path", &[])?;
        let suffix = self.workspace.map(|workspace| format!("-env:{workspace}")).unwrap_or_default();
        Ok(format!("consul://{server}/{path}{suffix}"))
    }

    fn kubernetes(&self) -> Result<String, UnknownReason> {
        let suffix = self.fields.required("secret_suffix", &[])?;
        let namespace = self.fields.get("namespace", &["KUBE_NAMESPACE"])?;
        let cluster = match self.fields.get("host", &["KUBE_HOST"])? {
            Some(host) => url::without_credentials(&host),
            None => self.fields.get("config_context", &["KUBE_CTX"])?.unwrap_or_else(|| "current".to_owned()),
        };
        let namespace = namespace.as_deref().unwrap_or("default");
        let workspace = self.workspace.unwrap_or("default");
        Ok(format!("kubernetes://{cluster}/{namespace}/tfstate-{workspace}-{suffix}"))
    }

    fn bucket_with_prefix(&self, scheme: &str, default_prefix: &str) -> Result<String, UnknownReason> {
        let bucket = self.fields.required("bucket", &[])?;
        let prefix = self.fields.get("prefix", &[])?;
        let prefix = prefix.as_deref().unwrap_or(default_prefix);
        let key = self.fields.get("key", &[])?;
        let key = key.as_deref().unwrap_or("terraform.tfstate");
        Ok(format!("{scheme}://{bucket}/{}", joined(&[prefix, self.workspace.unwrap_or_default(), key])))
    }

    /// Returns the address of a state in a backend type that this file has no rule for: its settings except likely
    /// credentials.
    fn anything_else(&self) -> Result<String, UnknownReason> {
        let hidden = ["password", "secret", "token", "credential", "access_key", "private_key", "client_key"];
        let mut pairs = Vec::new();
        for (key, setting) in &self.fields.backend.values {
            match setting {
                Setting::Unknown(because) => return Err(because.clone()),
                Setting::Known(value) if !hidden.iter().any(|word| key.contains(word)) => {
                    pairs.push(format!("{key}={}", text(value)));
                }
                Setting::Known(_) => {}
            }
        }
        pairs.sort();
        let kind = &self.fields.backend.kind;
        Ok(format!("{kind}:{} workspace={}", pairs.join(" "), self.workspace.unwrap_or("default")))
    }
}

/// Joins the parts that are not empty with one slash between them.
fn joined(parts: &[&str]) -> String {
    let parts = parts.iter().map(|part| part.trim_matches('/')).filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join("/")
}
