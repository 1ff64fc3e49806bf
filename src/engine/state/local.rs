//! State at a local address, read as a file.

use std::io;

use camino::Utf8Path;

use crate::files;

/// Prefix of a local address; the path of the state file follows.
const LOCAL: &str = "local:";

/// State file at a local address.
pub(super) enum LocalState {
    /// The address is not local.
    NotLocal,
    /// The state file does not exist.
    Missing,
    /// A file with these bytes.
    Content(Vec<u8>),
}

/// Returns the path in a local address; `None` for any other address.
pub(in crate::engine) fn path(address: &str) -> Option<&str> {
    address.strip_prefix(LOCAL)
}

/// Reads the state file at an address.
pub(in crate::engine) fn read(address: &str) -> io::Result<LocalState> {
    let Some(path) = path(address) else { return Ok(LocalState::NotLocal) };
    match files::read_whole(Utf8Path::new(path)) {
        Ok(bytes) => Ok(LocalState::Content(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(LocalState::Missing),
        Err(error) => Err(error),
    }
}
