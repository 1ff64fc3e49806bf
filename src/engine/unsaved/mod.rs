//! States that an engine could not save: envctl keeps a copy at once, and blocks the instance until the user has pushed it.
//!
//! `signs` collects the engine's reports, `dump` finds the state in the engine's output, `veil` hides it in logs and on the
//! terminal, `rescue` moves it to the instance's folder, `waiting` blocks the instance, and `lost` does so if no copy is
//! left.

mod dump;
mod lost;
mod rescue;
mod signs;
mod veil;
mod waiting;

/// Files in an instance's folder that hold or record a state which is not in its backend.
pub(super) const FILES: &[&str] =
    &[waiting::UNSAVED, waiting::PRINTED, lost::TORN, lost::BEGUN, lost::RECORD];

pub use dump::holds_state;
pub use lost::unwritable;
pub(super) use lost::{begin, end, give_up, missing};
pub(super) use rescue::{CommandLeftovers, Rescued, rescue};
pub(super) use signs::EngineReports;
pub(super) use veil::StateMask;
pub use waiting::is_rescued;
pub(super) use waiting::{UNSAVED, forget_pushed, in_folders, refuse_to_change, refuse_to_plan};
