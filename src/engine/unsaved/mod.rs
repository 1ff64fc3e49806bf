//! A state that an engine could not save: taken care of at once, and in the way of everything else until it is pushed.
//!
//! `signs` are what the engine says of it, `dump` finds it in what the engine printed, `veil` keeps it from being shown,
//! `rescue` takes it to where it is kept, `waiting` blocks the instance until then, and `lost` where nothing is left of it.

mod dump;
mod lost;
mod rescue;
mod signs;
mod veil;
mod waiting;

/// The files in an instance's own folder that tell of a state which is not where it belongs.
pub(super) const FILES: &[&str] =
    &[waiting::UNSAVED, waiting::PRINTED, lost::TORN, lost::BEGUN, lost::RECORD];

pub use dump::holds_state;
pub use lost::unwritable;
pub(super) use lost::{begin, end, give_up, missing};
pub(super) use rescue::{Remains, Rescued, rescue};
pub(super) use signs::Signs;
pub(super) use veil::Veil;
pub use waiting::is_rescued;
pub(super) use waiting::{UNSAVED, forget_pushed, in_folders, refuse_to_change, refuse_to_plan};
