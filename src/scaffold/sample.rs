//! Repository of a test.

use std::fs;

use camino::Utf8Path;

/// Files in a temporary folder, which is removed with the value.
pub(super) struct Sample(tempfile::TempDir);

impl Sample {
    /// Writes files by their paths.
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self(dir)
    }

    /// Returns the folder.
    pub(super) fn root(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).unwrap()
    }
}
