//! Settings of one backend, with the environment variables that replace settings which are not set.

use serde_json::Value;

use super::{EffectiveBackend, EnvValue, Setting};

/// Reason why an address cannot be known without an engine.
pub(super) type UnknownReason = String;

/// Settings of a backend, with the environment variables that replace settings which are not set.
pub(super) struct BackendSettings<'a> {
    /// Backend block with the pairs of environments.toml.
    pub(super) backend: &'a EffectiveBackend,
    /// Looks up an environment variable of the engine's process.
    pub(super) environment: &'a dyn Fn(&str) -> EnvValue,
}

impl BackendSettings<'_> {
    /// Returns the value of a key, or that of the first of these environment variables that is set.
    pub(super) fn get(&self, key: &str, variables: &[&str]) -> Result<Option<String>, UnknownReason> {
        if let Some(because) = &self.backend.unread {
            return Err(because.clone());
        }
        match self.backend.values.get(key) {
            Some(Setting::Unknown(because)) => return Err(because.clone()),
            Some(Setting::Known(Value::Null)) | None => {}
            Some(Setting::Known(value)) => return Ok(Some(text_of_setting(value))),
        }
        for variable in variables {
            if let Some(value) = self.variable(variable)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Returns the value of an environment variable; an error if the value comes from a secret.
    pub(super) fn variable(&self, name: &str) -> Result<Option<String>, UnknownReason> {
        match (self.environment)(name) {
            EnvValue::Set(value) => Ok(Some(value)),
            EnvValue::Secret => Err(format!("`{name}` comes from a secret")),
            EnvValue::Unset => Ok(None),
        }
    }

    /// Returns the value of a key as [`BackendSettings::get`] does, or an error if neither the key nor a variable is set.
    pub(super) fn required(&self, key: &str, variables: &[&str]) -> Result<String, UnknownReason> {
        self.get(key, variables)?.ok_or_else(|| {
            let kind = &self.backend.backend_type;
            format!(
                "`{key}` is set neither in the backend block nor in `backend_files` nor in `backend.{kind}`"
            )
        })
    }

    /// Returns the value of a key inside a nested object: `endpoints.s3`.
    pub(super) fn nested(&self, object: &str, key: &str) -> Result<Option<String>, UnknownReason> {
        if let Some(because) = &self.backend.unread {
            return Err(because.clone());
        }
        match self.backend.values.get(object) {
            Some(Setting::Unknown(because)) => Err(because.clone()),
            Some(Setting::Known(value)) => Ok(value.get(key).map(text_of_setting)),
            None => Ok(None),
        }
    }
}

/// Returns a value as text: a string without quotes, any other value as JSON.
pub(super) fn text_of_setting(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
