//! Rules of an environment that guards apply.

use crate::config::Guards;

/// Rules of an environment that guards apply.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Guards of the environment.
    pub guards: &'a Guards,
    /// True if the environment needs a confirmation: some changes are then refused without any guard.
    pub confirm: bool,
}
