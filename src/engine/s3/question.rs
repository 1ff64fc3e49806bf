//! What is asked, of whom and by whom, or why nothing is.

use std::fmt;

use super::{credentials::Keys, place::Place, settings::Settings, variables::Variables};
use crate::engine::BackendInForce;

/// Why a state cannot be asked for without an engine. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct Unaskable(pub(super) String);

impl fmt::Display for Unaskable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One question.
pub(in crate::engine) struct Question {
    pub(super) place: Place,
    pub(super) keys: Keys,
    /// The file of certificates to trust instead of the system's.
    pub(super) trusted: Option<String>,
}

impl Question {
    /// The question that the engine of a backend would ask.
    pub(in crate::engine) fn of(backend: &BackendInForce<'_>) -> Result<Self, Unaskable> {
        let settings = Settings::of(backend.config)?;
        let variables = Variables::of(backend.env)?;
        let place = Place::of(&settings, &variables, backend.workspace)?;
        variables.without_proxy(place.is_loopback())?;
        let trusted = variables.trusted()?.filter(|_| place.tls).map(str::to_owned);
        Ok(Self { place, keys: Keys::of(&settings, &variables)?, trusted })
    }

    /// What must not be shown.
    pub(in crate::engine) fn secrets(&self) -> impl Iterator<Item = &str> {
        self.keys.secrets()
    }
}
