//! Error while finding or reading the inputs of a stack.

use std::io;

use camino::Utf8PathBuf;

/// Error while finding or reading the inputs of a stack.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// A file or folder cannot be read.
    #[error("cannot read `{path}`, which the plan depends on: {source}")]
    Read {
        /// Path of the file or folder.
        path: Utf8PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A glob is invalid under `files` of environments.toml.
    #[error("`files`: `{glob}` is no pattern: {reason}")]
    Glob {
        /// Glob as written.
        glob: String,
        /// Reason that the glob parser gives.
        reason: String,
    },
}
