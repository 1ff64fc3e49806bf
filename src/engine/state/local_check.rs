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

/// Refuses a local state that is not the last known one of an instance, or that cannot be parsed, without an engine. A
/// state in another backend passes. (OpenTofu leaves lineage and serial of an encrypted state readable.)
pub fn check_local_state(target: &Target) -> Result<(), Failure> {
    let known = KnownState::read(target)?;
    let Some(address) = known.address() else {
        return Ok(());
    };
    let unreadable = |error: io::Error| {
        Failure::new(FailureKind::State, format!("cannot read the state at `{address}`: {error}"))
    };
    let found = match local::read(address).map_err(unreadable)? {
        LocalState::NotLocal => return Ok(()),
        LocalState::Missing => StateIdentity::default(),
        LocalState::Content(text) if text.is_empty() => StateIdentity::default(),
        LocalState::Content(text) => serde_json::from_slice(&text).map_err(|error| {
            let summary = format!("the state at `{address}` is damaged ({error}): put a backup of it back");
            Failure::new(FailureKind::Refused, summary)
        })?,
    };
    known.refuse_other(target, &found, Some(address))
}
