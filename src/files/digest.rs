//! Digests of files, and the executable bit that git stores.

use std::{fs, io, os::unix::fs::PermissionsExt as _, path::Path};

use camino::Utf8Path;
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use super::open_regular;
use crate::model::hex;

/// Returns the SHA-256 of a file's content in lowercase hexadecimal digits; links are followed.
pub fn file_digest(path: impl AsRef<Path>) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut file = open_regular(path)?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        match io::Read::read(&mut file, &mut buffer) {
            Ok(0) => return Ok(hex(&hash.finalize())),
            Ok(count) => hash.update(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// Returns true if the owner of a file may execute it. Git stores no other bit of a mode; the others depend on
/// the `umask` of a checkout.
pub fn is_executable(path: &Utf8Path) -> io::Result<bool> {
    fs::metadata(path).map(|file| file.permissions().mode() & 0o100 != 0)
}

/// Returns true if an error says that a path does not exist: the file or its link target is missing, a parent is a file, or
/// the links form a loop.
pub fn leads_nowhere(error: &io::Error) -> bool {
    let is_missing = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory].contains(&error.kind());
    is_missing || Errno::from_io_error(error) == Some(Errno::LOOP)
}
