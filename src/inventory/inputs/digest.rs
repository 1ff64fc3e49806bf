//! The digest of a file's content.

use std::{fs::File, io};

use camino::Utf8Path;
use sha2::{Digest, Sha256};

use crate::model::hex;

/// SHA-256 of a file's content in small hexadecimal digits; a link counts as what it leads to.
pub fn file_digest(path: &Utf8Path) -> io::Result<String> {
    let mut hash = Sha256::new();
    let mut file = File::open(path)?;
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
