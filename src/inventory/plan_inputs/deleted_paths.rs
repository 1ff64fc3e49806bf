//! Deleted paths: files of an earlier working tree that the configuration of that time still refers to.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

/// Set of files that existed in an earlier working tree and are deleted now.
#[derive(Debug, Default)]
pub(in crate::inventory) struct DeletedPaths {
    files: BTreeSet<Utf8PathBuf>,
}

impl DeletedPaths {
    /// Creates the set from absolute paths.
    pub(in crate::inventory) fn new(files: impl IntoIterator<Item = Utf8PathBuf>) -> Self {
        Self { files: files.into_iter().collect() }
    }

    /// Returns true if a path was one of the files.
    pub(in crate::inventory) fn is_file(&self, path: &Utf8Path) -> bool {
        self.files.contains(path)
    }

    /// Returns true if a path was a folder that held one of the files.
    pub(super) fn is_dir(&self, path: &Utf8Path) -> bool {
        // Paths are ordered by component: the files of a folder follow directly after the position of the folder itself.
        self.files
            .range(path.to_owned()..)
            .find(|file| *file != path)
            .is_some_and(|file| file.starts_with(path))
    }

    /// Returns true if a path was a file or a folder.
    pub(super) fn is_file_or_folder(&self, path: &Utf8Path) -> bool {
        !self.files.is_empty() && (self.is_file(path) || self.is_dir(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_was_there_when_a_file_in_it_was() {
        let deleted = DeletedPaths::new(["/r/a/b/x.tf", "/r/a-b/y.tf"].map(Utf8PathBuf::from));
        assert!(deleted.is_file("/r/a/b/x.tf".into()) && !deleted.is_file("/r/a/b".into()));
        assert!(
            deleted.is_dir("/r/a".into())
                && deleted.is_dir("/r/a/b".into())
                && deleted.is_dir("/r/a-b".into())
        );
        assert!(!deleted.is_dir("/r/a/b/x.tf".into()) && !deleted.is_dir("/r/a/c".into()));
        assert!(!DeletedPaths::default().is_file_or_folder("/r".into()));
    }
}
