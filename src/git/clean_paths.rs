//! Paths at which uncommitted files count for the guard `clean_tree`.

use camino::{Utf8Path, Utf8PathBuf};

/// Files and folders whose uncommitted changes count for the guard `clean_tree`.
#[derive(Debug, Clone, Default)]
pub struct CleanPaths {
    /// Files and folders of the stacks, absolute.
    pub paths: Vec<Utf8PathBuf>,
    /// Extension of the files that count in every folder of the repository; `None` if there is no such extension.
    pub file_extension: Option<&'static str>,
    /// Files that engines load by their names (`*.auto.tfvars`), and that therefore count even if git ignores them.
    pub loaded_by_name: Vec<Utf8PathBuf>,
}

/// Returns a path with symbolic links resolved; a path that does not exist stays as it is.
pub(super) fn real_path(path: &Utf8Path) -> Utf8PathBuf {
    path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned())
}
