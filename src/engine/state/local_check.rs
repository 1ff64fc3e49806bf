//! Comparison of a local state with the last known one, without an engine.

use std::io;

use super::{
    lineage::KnownState,
    local::{self, LocalState},
};
use crate::{
    engine::{StateIdentity, Target},
    model::{Failure, FailureKind},
};

/// Refuses a local state that is not the last known one of an instance, without an engine. A state elsewhere, or one that
/// cannot be parsed, passes.
pub fn check_local_state(target: &Target) -> Result<(), Failure> {
    let known = KnownState::read(target)?;
    let Some(address) = known.address() else {
        return Ok(());
    };
    let unreadable = |error: io::Error| {
        Failure::new(FailureKind::State, format!("cannot read the state at `{address}`: {error}"))
    };
    let found = match local::read(address).map_err(unreadable)? {
        LocalState::Elsewhere => return Ok(()),
        LocalState::Missing => StateIdentity::default(),
        LocalState::There(text) if text.is_empty() => StateIdentity::default(),
        LocalState::There(text) => match serde_json::from_slice::<StateIdentity>(&text) {
            Ok(found) if !found.lineage.is_empty() => found,
            _ => return Ok(()),
        },
    };
    known.refuse_other(target, &found, Some(address))
}
