//! Messages of engines: their streams, the classes of failures, and the places that they name.

mod engine_words;
pub(super) mod exit_error;
pub(super) mod failure;
mod lock_info;
mod message_file;
mod stale;
pub mod stream_json;
pub(super) mod text_diagnostics;
mod transient;
mod upstream;
pub(super) mod value_place;

pub use stale::stale;
pub use transient::is_transient;
pub use upstream::awaits_upstream;
