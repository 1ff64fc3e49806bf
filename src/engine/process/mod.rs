//! Processes of engines, with their logs and the locks of the folders in which they run.

pub(super) mod call;
pub(super) mod document;
pub(super) mod folder_lock;
mod log;

pub use log::Log;
