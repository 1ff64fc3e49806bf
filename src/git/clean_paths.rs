//! Places in which uncommitted files count.

use camino::{Utf8Path, Utf8PathBuf};

/// Places in which uncommitted files count.
#[derive(Debug, Clone, Default)]
pub struct CleanPaths {
    /// Files and folders, absolute.
    pub paths: Vec<Utf8PathBuf>,
    /// Extension of files that count in every folder.
    pub file_extension: Option<&'static str>,
    /// Files that engines load by their names, and that therefore count even if git ignores them.
    pub loaded: Vec<Utf8PathBuf>,
}

/// Returns a path without links; a path that does not exist stays as it is.
pub(super) fn real(path: &Utf8Path) -> Utf8PathBuf {
    path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned())
}
