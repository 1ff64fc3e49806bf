//! Settings of an `s3` backend: those that envctl applies, and those that have no effect on a HEAD request.

use serde_json::{Map, Value};

use super::UnsupportedSettings;

/// Settings that envctl applies when it requests the version of a state object.
const SUPPORTED: &[&str] = &[
    "access_key",
    "bucket",
    "endpoint",
    "endpoints",
    "force_path_style",
    "key",
    "profile",
    "region",
    "secret_key",
    "token",
    "use_path_style",
    "workspace_key_prefix",
];

/// Settings that affect neither the address of the state nor the credentials, as long as those are plain keys.
const WITHOUT_EFFECT: &[&str] = &[
    "acl",
    "dynamodb_endpoint",
    "dynamodb_table",
    "ec2_metadata_service_endpoint",
    "ec2_metadata_service_endpoint_mode",
    "encrypt",
    "iam_endpoint",
    "kms_key_id",
    "lock_tags",
    "max_retries",
    "retry_mode",
    "skip_credentials_validation",
    "skip_metadata_api_check",
    "skip_region_validation",
    "skip_requesting_account_id",
    "skip_s3_checksum",
    "state_tags",
    "sts_endpoint",
    "sts_region",
    "use_lockfile",
];

/// Settings of the initialised backend.
pub(super) struct S3Settings<'a>(&'a Map<String, Value>);

impl<'a> S3Settings<'a> {
    /// Wraps the settings; refuses a setting that may matter and that envctl does not know.
    pub(super) fn from_config(config: &'a Map<String, Value>) -> Result<Self, UnsupportedSettings> {
        let unknown = config.iter().find(|(name, value)| {
            !(SUPPORTED.contains(&name.as_str())
                || WITHOUT_EFFECT.contains(&name.as_str())
                || is_unset(value))
        });
        match unknown {
            Some((name, _)) => Err(UnsupportedSettings(format!("`{name}` of its backend is not followed"))),
            None => Ok(Self(config)),
        }
    }

    /// Returns the text of a setting; an empty one counts as unset, as it does for engines.
    pub(super) fn text(&self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str().filter(|text| !text.is_empty())
    }

    /// Returns the text of a setting that every state needs; fails if the setting is missing.
    pub(super) fn required(&self, name: &str) -> Result<&'a str, UnsupportedSettings> {
        self.text(name).ok_or_else(|| UnsupportedSettings(format!("its backend has no `{name}`")))
    }

    /// Returns the configured endpoint of S3 itself.
    pub(super) fn endpoint(&self) -> Option<&'a str> {
        let nested = self.0.get("endpoints").and_then(|endpoints| endpoints.get("s3")?.as_str());
        nested.filter(|text| !text.is_empty()).or_else(|| self.text("endpoint"))
    }

    /// Returns true if the bucket is in the path of the URL, not in the host.
    pub(super) fn path_style(&self) -> bool {
        let is_set = |name: &str| self.0.get(name).and_then(Value::as_bool);
        is_set("use_path_style").or_else(|| is_set("force_path_style")).unwrap_or_default()
    }
}

/// Returns true if a value has the same meaning as an absent one.
fn is_unset(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.iter().all(is_unset),
        Value::Object(members) => members.values().all(is_unset),
        Value::Bool(true) | Value::Number(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn refused(config: &Value) -> Option<String> {
        S3Settings::from_config(config.as_object().unwrap()).err().map(|error| error.to_string())
    }

    #[test]
    fn a_setting_that_is_not_known_here_stops_the_question_unless_it_is_unset() {
        let unset = json!({ "bucket": "b", "encrypt": true, "assume_role": null, "insecure": false,
            "http_proxy": "", "allowed_account_ids": [], "assume_role_with_web_identity": { "role_arn": null } });
        assert_eq!(refused(&unset), None);
        for (name, value) in [
            ("assume_role", json!({ "role_arn": "arn:aws:iam::1:role/r" })),
            ("role_arn", json!("arn:aws:iam::1:role/r")),
            ("assume_role_with_web_identity", json!({ "role_arn": "r" })),
            ("sse_customer_key", json!("k")),
            ("custom_ca_bundle", json!("/ca.pem")),
            ("https_proxy", json!("http://proxy")),
            ("insecure", json!(true)),
            ("use_fips_endpoint", json!(true)),
            ("allowed_account_ids", json!(["1"])),
            ("shared_credentials_files", json!(["/c"])),
            ("invented_tomorrow", json!(0)),
        ] {
            let expected = format!("`{name}` of its backend is not followed");
            assert_eq!(refused(&json!({ "bucket": "b", name: value })), Some(expected));
        }
    }

    #[test]
    fn the_newer_spelling_of_a_setting_comes_first() {
        let both = json!({ "endpoints": { "s3": "new" }, "endpoint": "old",
            "use_path_style": false, "force_path_style": true });
        let settings = S3Settings::from_config(both.as_object().unwrap()).unwrap();
        assert_eq!((settings.endpoint(), settings.path_style()), (Some("new"), false));
        let old = json!({ "endpoints": { "s3": null }, "endpoint": "old",
            "use_path_style": null, "force_path_style": true });
        let settings = S3Settings::from_config(old.as_object().unwrap()).unwrap();
        assert_eq!((settings.endpoint(), settings.path_style()), (Some("old"), true));
    }
}
