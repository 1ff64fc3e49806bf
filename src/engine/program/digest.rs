//! Digests of the programs that an engine runs.

use std::{fs, io};

use camino::Utf8PathBuf;

use super::installed::InstalledEngine;
use crate::files::{DigestCache, MetadataDigest, file_digest};

/// Program that an engine runs, its own or the driven one. A plan is bound to the content alone, since paths differ between
/// machines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineProgram {
    /// Role in a plan's manifest: `engine program`, `driven engine program`.
    pub role: &'static str,
    /// Path of the program, or of the version manager that starts it.
    pub path: Utf8PathBuf,
    /// SHA-256 of the program's content, links followed; `unreadable` if the program can be run but not read.
    pub digest: String,
}

impl EngineProgram {
    /// Returns the program of an engine with its digest, which is cached.
    pub(in crate::engine) fn with_digest(
        role: &'static str,
        installed: &InstalledEngine,
        digests: &DigestCache,
    ) -> io::Result<Self> {
        let path = installed.program.clone();
        let stamp = MetadataDigest::from_metadata(&fs::metadata(&path)?);
        let digest = match digests.digest(&path, stamp, || file_digest(&path)) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => "unreadable".to_owned(),
            read => read?,
        };
        Ok(Self { role, path, digest })
    }
}
