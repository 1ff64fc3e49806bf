//! Request for the version of a state.

use super::{
    UnsupportedSettings, credentials, keys::AccessKeys, object_url::ObjectUrl, settings::S3Settings,
    variables::AwsVariables,
};
use crate::engine::BackendInForce;

/// Request for the version of a state.
pub(in crate::engine) struct HeadRequest {
    pub(super) object: ObjectUrl,
    pub(super) keys: AccessKeys,
    /// File of certificates to trust instead of the system's.
    pub(super) trusted: Option<String>,
}

impl HeadRequest {
    /// Returns the request for the state in a backend, with the engine's settings and credentials.
    pub(in crate::engine) fn of(backend: &BackendInForce<'_>) -> Result<Self, UnsupportedSettings> {
        let settings = S3Settings::of(backend.config)?;
        let variables = AwsVariables::of(backend.env)?;
        let object = ObjectUrl::of(&settings, &variables, backend.workspace)?;
        variables.without_proxy(object.is_loopback())?;
        let trusted = variables.trusted()?.filter(|_| object.tls).map(str::to_owned);
        Ok(Self { object, keys: credentials::keys(&settings, &variables)?, trusted })
    }

    /// Returns the texts to mask.
    pub(in crate::engine) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.keys.secrets()
    }
}
