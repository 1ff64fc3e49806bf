//! The state at a local address, read as the file that it is.

use std::io;

use camino::Utf8Path;

use crate::files;

/// What makes a local address: what stands behind it is a path.
const LOCAL: &str = "local:";

/// What lies at an address.
pub(super) enum LocalState {
    /// Nothing that could be read as a file: the address is another one.
    Elsewhere,
    /// Nothing yet.
    Missing,
    /// A file with these bytes.
    There(Vec<u8>),
}

/// Returns the path of a local address.
pub(super) fn path(address: &str) -> Option<&str> {
    address.strip_prefix(LOCAL)
}

/// Looks at an address.
pub(super) fn read(address: &str) -> io::Result<LocalState> {
    let Some(path) = path(address) else { return Ok(LocalState::Elsewhere) };
    match files::read_whole(Utf8Path::new(path)) {
        Ok(bytes) => Ok(LocalState::There(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(LocalState::Missing),
        Err(error) => Err(error),
    }
}
