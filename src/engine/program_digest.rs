//! Content of the programs that an engine runs.

use std::{fs, io};

use camino::Utf8PathBuf;

use super::installed::Installed;
use crate::files::{ContentStamp, DigestCache, file_digest};

/// One program that runs when an engine does. Machines differ in where they keep it, so that only its content counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineProgram {
    /// Its role in a plan's manifest: `engine program`, `driven engine program`.
    pub role: &'static str,
    /// Its path: that of a version manager's own program where that is what is started.
    pub path: Utf8PathBuf,
    /// SHA-256 of its content, links followed; `unreadable` where it may be run and not read.
    pub digest: String,
}

impl EngineProgram {
    /// Reads the program of an engine, unless its digest is remembered.
    pub(super) fn of(role: &'static str, installed: &Installed, digests: &DigestCache) -> io::Result<Self> {
        let path = installed.program.clone();
        let stamp = ContentStamp::of(&fs::metadata(&path)?);
        let digest = match digests.digest(&path, stamp, || file_digest(&path)) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => "unreadable".to_owned(),
            read => read?,
        };
        Ok(Self { role, path, digest })
    }
}
