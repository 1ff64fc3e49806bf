//! Request for the version of a state.

use super::{
    UnsupportedSettings, credentials, keys::AccessKeys, object_url::ObjectUrl, settings::S3Settings,
    variables::AwsVariables,
};
use crate::engine::BackendInForce;

/// Request for the version of a state, not yet signed.
pub(in crate::engine) struct HeadRequest {
    pub(super) object: ObjectUrl,
    pub(super) keys: AccessKeys,
    /// File of the certificates that are trusted instead of the system's.
    pub(super) trusted: Option<String>,
}

impl HeadRequest {
    /// Returns the request for the state in a backend, with the engine's settings and credentials.
    pub(in crate::engine) fn for_backend(backend: &BackendInForce<'_>) -> Result<Self, UnsupportedSettings> {
        let settings = S3Settings::from_config(backend.config)?;
        let variables = AwsVariables::from_env(backend.env)?;
        let object = ObjectUrl::for_workspace(&settings, &variables, backend.workspace)?;
        variables.refuse_proxy(object.is_loopback())?;
        let trusted = variables.trusted()?.filter(|_| object.tls).map(str::to_owned);
        Ok(Self { object, keys: credentials::keys(&settings, &variables)?, trusted })
    }

    /// Returns the secrets in the request, which are to be masked.
    pub(in crate::engine) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.keys.secrets()
    }
}
