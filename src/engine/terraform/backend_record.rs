//! Record of the backend that an engine has initialised: type and configuration as parsed by the backend's schema.
//!
//! Source: `<data directory>/terraform.tfstate`, measured on OpenTofu 1.12.6 and Terraform 1.11.4. Keys that are not set and
//! those that come from environment variables are null, values have the type of the schema, and a plan may change `hash`,
//! so that files are never compared as bytes. A plan file holds the same configuration in its field 13.2.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    engine::{BackendInForce, Target},
    files,
    model::is_same_number,
};

/// File in a data directory that holds the backend of its last init.
pub(in crate::engine) const RECORD: &str = "terraform.tfstate";

/// Type and configuration of a backend, credentials among them.
#[derive(Debug, Clone, PartialEq)]
pub struct BackendRecord {
    /// Backend type: `s3`.
    pub(in crate::engine) backend_type: String,
    /// Configuration by key.
    pub(in crate::engine) config: Map<String, Value>,
}

impl BackendRecord {
    /// Returns a local backend with its defaults, as without a backend block.
    pub(in crate::engine) fn local() -> Self {
        Self { backend_type: "local".to_owned(), config: Map::new() }
    }

    /// Reads the record of a data directory; `None` if no backend was initialised.
    pub(in crate::engine) fn read(data_dir: &Utf8Path) -> io::Result<Option<Self>> {
        Self::read_file(&data_dir.join(RECORD))
    }

    /// Reads a file with a record.
    pub(in crate::engine) fn read_file(file: &Utf8Path) -> io::Result<Option<Self>> {
        #[derive(Deserialize)]
        struct File {
            backend: Option<Initialised>,
        }
        #[derive(Deserialize)]
        struct Initialised {
            #[serde(rename = "type")]
            backend_type: String,
            #[serde(default)]
            config: Option<Map<String, Value>>,
        }
        let record: File = match files::read_whole(file) {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(io::Error::other)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        Ok(record
            .backend
            .map(|found| Self { backend_type: found.backend_type, config: found.config.unwrap_or_default() }))
    }

    /// Reads the initialised backend of a data directory: a local one with its defaults if there is no record.
    pub(in crate::engine) fn in_force(data_dir: &Utf8Path) -> io::Result<Self> {
        Ok(Self::read(data_dir)?.unwrap_or_else(Self::local))
    }

    /// Returns a text that is the same for two records if and only if type and set keys are equal; it holds credentials.
    pub(in crate::engine) fn canonical(&self) -> String {
        let mut set: Vec<_> = self.config.iter().filter(|(_, value)| !is_unset(value)).collect();
        set.sort_by_key(|(key, _)| *key);
        let pairs: Vec<String> = set.into_iter().map(|(key, value)| format!("{key:?}:{value}")).collect();
        format!("{} {{{}}}", self.backend_type, pairs.join(","))
    }

    /// Returns the address of the state of a target's workspace in this backend, without credentials; relative local paths
    /// start at `folder`. `None` if the configuration does not determine it.
    pub(in crate::engine) fn address(&self, target: &Target, folder: &Utf8Path) -> Option<String> {
        (target.neighbours.address)(&BackendInForce {
            backend_type: &self.backend_type,
            config: &self.config,
            workspace: target.workspace.as_deref(),
            folder,
            env: &target.env,
        })
    }

    /// Returns true if type and configuration equal those of another record.
    pub(in crate::engine) fn is_same(&self, other: &Self) -> bool {
        let keys = self.config.keys().chain(other.config.keys());
        self.backend_type == other.backend_type && { keys }
            .all(|key| is_same_value(setting(&self.config, key), setting(&other.config, key)))
    }

    /// Returns the first key of another configuration whose value differs in this record.
    pub(in crate::engine) fn conflict<'k>(&self, configured: &'k Map<String, Value>) -> Option<&'k str> {
        let other = |(key, value): &(&String, &Value)| !is_same_value(value, setting(&self.config, key));
        configured.iter().find(other).map(|(key, _)| key.as_str())
    }
}

/// Returns the value of a key in a configuration; null if it is not set.
fn setting<'v>(config: &'v Map<String, Value>, key: &str) -> &'v Value {
    config.get(key).unwrap_or(&Value::Null)
}

fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.values().all(is_unset),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Returns true if a value from the files equals a value of the type that the schema gives it: `"true"` equals `true`,
/// `"1"` equals `1`.
fn is_same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Object(one), Value::Object(other)) => {
            one.keys().chain(other.keys()).all(|key| is_same_value(setting(one, key), setting(other, key)))
        }
        // The elements of a set have no order.
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one.iter().all(|item| other.iter().any(|other| is_same_value(item, other)))
        }
        // A nested block is an object in the files, and a list of objects if the schema allows several.
        (block @ Value::Object(_), Value::Array(list)) | (Value::Array(list), block @ Value::Object(_)) => {
            list.iter().any(|item| is_same_value(block, item)) || (list.is_empty() && is_unset(block))
        }
        (Value::Bool(truth), Value::String(text)) | (Value::String(text), Value::Bool(truth)) => {
            [truth.to_string().as_str(), if *truth { "1" } else { "0" }].contains(&text.as_str())
        }
        (Value::Number(number), Value::String(text)) | (Value::String(text), Value::Number(number)) => {
            is_same_number(&number.to_string(), text)
        }
        (Value::Number(one), Value::Number(other)) => is_same_number(&one.to_string(), &other.to_string()),
        (one, other) => one == other || (is_unset(one) && is_unset(other)),
    }
}

/// Backend that is initialised in one of the folders in which an engine runs for an instance.
#[derive(Debug)]
pub struct BackendInFolder {
    /// Type and configuration of the backend.
    pub(in crate::engine) record: BackendRecord,
    /// Folder that relative local paths start at.
    pub(in crate::engine) folder: Utf8PathBuf,
}

impl BackendInFolder {
    /// Reads the backend in force in a data directory.
    pub(in crate::engine) fn read(data_dir: &Utf8Path, folder: &Utf8Path) -> io::Result<Self> {
        Ok(Self { record: BackendRecord::in_force(data_dir)?, folder: folder.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use serde_json::json;

    use super::*;

    fn record(backend_type: &str, config: &Value) -> BackendRecord {
        BackendRecord { backend_type: backend_type.to_owned(), config: config.as_object().unwrap().clone() }
    }

    #[test]
    fn values_are_compared_across_the_types_of_the_schema() {
        let parsed = record(
            "s3",
            &json!({
                "bucket": "b", "key": "k", "encrypt": true, "max_retries": 1, "profile": null, "owner": 9_007_199_254_740_993_u64,
                "allowed_account_ids": ["1", "2"], "endpoints": { "s3": "http://h", "sts": null },
                "assume_role": [{ "role_arn": "r", "external_id": null }],
            }),
        );
        let written = json!({
            "bucket": "b", "key": "k", "encrypt": "true", "max_retries": "1", "profile": "", "owner": "9007199254740993",
            "allowed_account_ids": ["2", "1"], "endpoints": { "s3": "http://h" }, "assume_role": { "role_arn": "r" },
        });
        assert_eq!(parsed.conflict(written.as_object().unwrap()), None);
        for (key, value) in [
            ("key", json!("other")),
            ("encrypt", json!("false")),
            ("max_retries", json!(2)),
            ("owner", json!(9_007_199_254_740_992_u64)),
            ("owner", json!("9007199254740992")),
            ("profile", json!("prod")),
            ("allowed_account_ids", json!(["1", "3"])),
            ("endpoints", json!({ "s3": "http://other" })),
            ("assume_role", json!({ "role_arn": "other" })),
        ] {
            assert_eq!(parsed.conflict(json!({ key: value }).as_object().unwrap()), Some(key));
        }
    }

    #[test]
    fn a_key_that_is_null_is_one_that_is_not_there() {
        let one = record("local", &json!({ "path": "a", "workspace_dir": null }));
        let other = record("local", &json!({ "path": "a" }));
        assert!(one.is_same(&other) && other.is_same(&one));
        assert_eq!(one.canonical(), other.canonical());
        for different in [
            record("local", &json!({ "path": "b" })),
            record("local", &json!({ "path": "a", "workspace_dir": "w" })),
            record("pg", &json!({ "path": "a" })),
        ] {
            assert!(!one.is_same(&different) && !different.is_same(&one), "{different:?}");
            assert_ne!(one.canonical(), different.canonical());
        }
    }

    #[test]
    fn a_data_directory_without_a_record_is_local_and_a_torn_one_an_error() {
        let keep = tempfile::tempdir().unwrap();
        let dir = Utf8Path::from_path(keep.path()).unwrap();
        assert_eq!(BackendRecord::read(dir).unwrap(), None);
        assert_eq!(BackendRecord::in_force(dir).unwrap(), record("local", &json!({})));
        fs::write(dir.join(RECORD), r#"{"version":3,"backend":{"type":"s3","config":{"key":"k"},"hash":7}}"#)
            .unwrap();
        assert_eq!(BackendRecord::read(dir).unwrap(), Some(record("s3", &json!({ "key": "k" }))));
        fs::write(dir.join(RECORD), r#"{"version":3,"back"#).unwrap();
        assert!(BackendRecord::read(dir).is_err());
    }
}
