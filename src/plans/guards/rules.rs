//! Rules of an environment that guards apply.

use crate::{
    config::Guards,
    model::{Block, Guard, GuardException},
};

/// Rules of an environment that guards apply.
#[derive(Debug, Clone, Copy)]
pub struct Rules<'a> {
    /// Guards of the environment.
    pub guards: &'a Guards,
    /// True if the environment needs a confirmation: some changes are then refused without any guard.
    pub confirm: bool,
}

/// Returns a refusal with the exception of `--allow` that would let it through.
pub(super) fn refusal(guard: Guard, message: impl Into<String>, allow: &GuardException) -> Block {
    Block { allow: Some(allow.to_string()), ..Block::new(guard, message) }
}
