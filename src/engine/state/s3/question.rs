//! Request for the version of a state, or the reason why envctl cannot send it.

use std::fmt;

use super::{credentials::Keys, place::Place, settings::Settings, variables::Variables};
use crate::engine::BackendInForce;

/// Reason why envctl cannot read a state's version without an engine. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Unaskable(pub(super) String);

impl fmt::Display for Unaskable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Request for the version of a state.
pub(in crate::engine) struct Question {
    pub(super) place: Place,
    pub(super) keys: Keys,
    /// File of certificates to trust instead of the system's.
    pub(super) trusted: Option<String>,
}

impl Question {
    /// Returns the request for the state in a backend, with the engine's settings and credentials.
    pub(in crate::engine) fn of(backend: &BackendInForce<'_>) -> Result<Self, Unaskable> {
        let settings = Settings::of(backend.config)?;
        let variables = Variables::of(backend.env)?;
        let place = Place::of(&settings, &variables, backend.workspace)?;
        variables.without_proxy(place.is_loopback())?;
        let trusted = variables.trusted()?.filter(|_| place.tls).map(str::to_owned);
        Ok(Self { place, keys: Keys::of(&settings, &variables)?, trusted })
    }

    /// Returns the texts to mask.
    pub(in crate::engine) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.keys.secrets()
    }
}
