//! The files that a stack's plan depends on, each with the digest of its content: the stack's folder, local modules at
//! any depth, `files` of environments.toml, and existing files that its HCL names.

mod digest;
mod folders;
mod literals;
mod mentions;
mod scope;
mod unit;
mod walk;
mod words;

pub use digest::file_digest;
pub use scope::{InputError, InputFile, InputPlaces, InputScope};
