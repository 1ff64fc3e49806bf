//! Reason why envctl does not request the version of a state.

use std::fmt;

/// Setting, variable or profile that keeps envctl from sending the request that an engine would send. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct UnsupportedSettings(pub(super) String);

impl fmt::Display for UnsupportedSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
