//! Settings that backend types require, and backend types that engines no longer have.
//!
//! Seen with `init` of OpenTofu 1.12.6 and Terraform 1.11.4 on empty backend blocks, and in the documentation of
//! the types.

use serde_json::Value;

use super::{EffectiveBackend, EnvValue, Setting};

/// Setting that a backend type requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequiredSetting {
    /// Key in the backend block.
    pub key: &'static str,
    /// Environment variables that replace the key if it is not set.
    pub variables: &'static [&'static str],
}

/// Backend types with the settings that they require.
const REQUIRED: &[(&str, &[RequiredSetting])] = &[
    ("local", &[]),
    ("pg", &[]),
    ("s3", &[key("bucket"), key("key"), key_or("region", &["AWS_REGION", "AWS_DEFAULT_REGION"])]),
    ("gcs", &[key("bucket")]),
    ("azurerm", &[key("storage_account_name"), key("container_name"), key("key")]),
    ("http", &[key_or("address", &["TF_HTTP_ADDRESS"])]),
    ("consul", &[key("path")]),
    ("kubernetes", &[key("secret_suffix")]),
    ("cos", &[key("bucket"), key_or("region", &["TENCENTCLOUD_REGION"])]),
    ("oss", &[key("bucket")]),
];

/// Backend types that Terraform removed, with the version that did. OpenTofu, whose first version is 1.6, never had them.
///
/// Sources: pull requests 26651 (`atlas`) and 31711 (the others) of hashicorp/terraform.
const REMOVED: &[(&str, &str)] = &[
    ("atlas", "0.15"),
    ("artifactory", "1.3"),
    ("azure", "1.3"),
    ("etcd", "1.3"),
    ("etcdv3", "1.3"),
    ("manta", "1.3"),
    ("swift", "1.3"),
];

const fn key(key: &'static str) -> RequiredSetting {
    key_or(key, &[])
}

const fn key_or(key: &'static str, variables: &'static [&'static str]) -> RequiredSetting {
    RequiredSetting { key, variables }
}

/// Returns the version of Terraform that removed a backend type; `None` if no version did.
pub fn removed_in(backend_type: &str) -> Option<&'static str> {
    REMOVED.iter().find(|(name, _)| *name == backend_type).map(|(_, version)| *version)
}

/// Returns the settings that a backend type requires; `None` if envctl does not know the type.
pub fn required_settings(backend_type: &str) -> Option<&'static [RequiredSetting]> {
    REQUIRED.iter().find(|(name, _)| *name == backend_type).map(|(_, required)| *required)
}

/// Returns the required settings that neither the backend nor an environment variable sets; `None` if envctl does not know
/// the backend type.
pub fn missing_settings(
    backend: &EffectiveBackend,
    environment: &dyn Fn(&str) -> EnvValue,
) -> Option<Vec<RequiredSetting>> {
    let required = required_settings(&backend.backend_type)?;
    let is_set = |setting: &&RequiredSetting| {
        let is_in_backend = match backend.values.get(setting.key) {
            Some(Setting::Unknown(_)) => true,
            Some(Setting::Known(value)) => !matches!(value, Value::Null) && value.as_str() != Some(""),
            None => false,
        };
        is_in_backend || setting.variables.iter().any(|name| environment(name) != EnvValue::Unset)
    };
    Some(required.iter().filter(|setting| !is_set(setting)).copied().collect())
}

#[cfg(test)]
mod tests {
    use indexmap::IndexMap;
    use serde_json::json;

    use super::*;

    fn missing(backend_type: &str, values: &Value, variables: &[&str]) -> Option<Vec<&'static str>> {
        let values = values.as_object().unwrap().iter();
        let backend = EffectiveBackend {
            backend_type: backend_type.to_owned(),
            values: values.map(|(name, value)| (name.clone(), Setting::Known(value.clone()))).collect(),
            overrides: IndexMap::new(),
            unread: None,
            header_span: None,
        };
        let environment = |name: &str| {
            if variables.contains(&name) { EnvValue::Secret } else { EnvValue::Unset }
        };
        Some(missing_settings(&backend, &environment)?.iter().map(|setting| setting.key).collect())
    }

    #[test]
    fn a_setting_counts_that_is_neither_null_nor_empty() {
        assert_eq!(missing("s3", &json!({}), &[]).unwrap(), ["bucket", "key", "region"]);
        assert_eq!(
            missing("s3", &json!({ "bucket": "b", "key": "", "region": null }), &[]).unwrap(),
            ["key", "region"]
        );
        assert_eq!(missing("gcs", &json!({ "bucket": "b" }), &[]).unwrap(), [""; 0]);
    }

    #[test]
    fn a_variable_of_the_engines_process_replaces_a_setting() {
        assert_eq!(
            missing("s3", &json!({ "bucket": "b", "key": "k" }), &["AWS_DEFAULT_REGION"]).unwrap(),
            [""; 0]
        );
        assert_eq!(missing("http", &json!({}), &["TF_HTTP_ADDRESS"]).unwrap(), [""; 0]);
        assert_eq!(
            missing("azurerm", &json!({}), &["AWS_REGION"]).unwrap(),
            ["storage_account_name", "container_name", "key"]
        );
    }

    #[test]
    fn an_expression_counts_as_set() {
        let backend = EffectiveBackend {
            backend_type: "gcs".to_owned(),
            values: IndexMap::from([("bucket".to_owned(), Setting::Unknown("an expression".to_owned()))]),
            overrides: IndexMap::new(),
            unread: None,
            header_span: None,
        };
        assert_eq!(missing_settings(&backend, &|_| EnvValue::Unset), Some(Vec::new()));
    }

    #[test]
    fn types_that_are_gone_and_types_that_are_not_known_differ() {
        assert_eq!(
            (removed_in("etcdv3"), removed_in("atlas"), removed_in("s3")),
            (Some("1.3"), Some("0.15"), None)
        );
        assert_eq!(missing("new", &json!({}), &[]), None);
    }
}
