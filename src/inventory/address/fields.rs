//! The keys of one backend, read as its type means them.

use serde_json::Value;

use super::{EffectiveBackend, EnvValue, Setting};

/// Why an address cannot be known.
pub(super) type Because = String;

/// The keys of a backend together with the environment that fills their gaps.
pub(super) struct Fields<'a> {
    pub(super) backend: &'a EffectiveBackend,
    pub(super) environment: &'a dyn Fn(&str) -> EnvValue,
}

impl Fields<'_> {
    /// A key's value, or that of the first of these variables that is set.
    pub(super) fn get(&self, key: &str, variables: &[&str]) -> Result<Option<String>, Because> {
        match self.backend.values.get(key) {
            Some(Setting::Unknown(because)) => return Err(because.clone()),
            Some(Setting::Known(Value::Null)) | None => {}
            Some(Setting::Known(value)) => return Ok(Some(text(value))),
        }
        for variable in variables {
            if let Some(value) = self.variable(variable)? {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// The value of an environment variable.
    pub(super) fn variable(&self, name: &str) -> Result<Option<String>, Because> {
        match (self.environment)(name) {
            EnvValue::Set(value) => Ok(Some(value)),
            EnvValue::Secret => Err(format!("`{name}` comes from a secret")),
            EnvValue::Absent => Ok(None),
        }
    }

    /// The same for a key that the backend cannot do without.
    pub(super) fn required(&self, key: &str, variables: &[&str]) -> Result<String, Because> {
        self.get(key, variables)?.ok_or_else(|| {
            let kind = &self.backend.kind;
            format!("`{key}` is set neither in the backend block nor in `backend.{kind}`")
        })
    }

    /// A key inside a nested object: `endpoints.s3`.
    pub(super) fn nested(&self, object: &str, key: &str) -> Result<Option<String>, Because> {
        match self.backend.values.get(object) {
            Some(Setting::Unknown(because)) => Err(because.clone()),
            Some(Setting::Known(value)) => Ok(value.get(key).map(text)),
            None => Ok(None),
        }
    }
}

/// A value as it stands in an address.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
