//! Input files of a stack: the files that its plan depends on, each with the digest of its content. These are the stack's
//! folder, local modules at any depth, `files` of environments.toml, and existing files that its HCL names.

mod apart;
pub(super) mod file_pattern;
mod flow;
mod folders;
mod given;
pub(super) mod gone;
mod literals;
mod mentions;
mod mixed_mocks;
mod origin;
mod pieces;
pub(super) mod reach;
mod scope;
mod sight;
mod unit;
mod unit_inputs;
mod unit_module;
mod unread;
pub(super) mod walk;
pub(super) mod words;

pub use apart::Apart;
pub use mixed_mocks::MixedMocks;
pub use scope::{InputError, InputFile, InputPlaces, InputScope, Inputs};
pub use unit::unit_needs;
pub use unit_module::{has_local_state, unit_module, unit_source};
pub use unread::Unread;
