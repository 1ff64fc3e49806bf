//! States that an engine could not save: envctl keeps a copy at once, and blocks the instance until the user has pushed it.
//!
//! `engine_reports` collects the engine's reports, `printed_state` finds the state in the engine's output, `mask` hides it in logs
//! and on the terminal, `rescue` moves it to the instance's folder, `pending_push` blocks the instance, and `lost_state`
//! does so if no copy is left.

mod engine_reports;
mod lost_state;
mod mask;
mod pending_push;
mod printed_state;
mod rescue;

/// Files in an instance's folder that hold or record a state which is not in its backend.
pub(super) const FILES: &[&str] = &[
    pending_push::UNSAVED,
    pending_push::PRINTED,
    lost_state::DAMAGED,
    lost_state::STARTED,
    lost_state::RECORD,
];

pub(super) use engine_reports::EngineReports;
pub use lost_state::unwritable;
pub(super) use lost_state::{accept_loss, record_missing, record_start};
pub(super) use mask::StateMask;
pub use pending_push::is_rescued;
pub(super) use pending_push::{UNSAVED, forget_pushed, refuse_to_change, refuse_to_plan, unsaved_in_folders};
pub use printed_state::holds_state;
pub(super) use rescue::rescue_after;
