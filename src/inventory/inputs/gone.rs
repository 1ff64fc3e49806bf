//! Paths that were there in an earlier tree: what named them then still means them.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

/// Files that are not there any more.
#[derive(Debug, Default)]
pub(in super::super) struct Gone {
    files: BTreeSet<Utf8PathBuf>,
}

impl Gone {
    /// These files, absolute.
    pub(in super::super) fn new(files: impl IntoIterator<Item = Utf8PathBuf>) -> Self {
        Self { files: files.into_iter().collect() }
    }

    /// Whether a path was one of the files.
    pub(in super::super) fn is_file(&self, path: &Utf8Path) -> bool {
        self.files.contains(path)
    }

    /// Whether a path was a folder of one of the files.
    pub(super) fn is_dir(&self, path: &Utf8Path) -> bool {
        // Paths are ordered by their parts, so that what lies in a folder comes right behind it.
        self.files
            .range(path.to_owned()..)
            .find(|file| *file != path)
            .is_some_and(|file| file.starts_with(path))
    }

    /// Whether a path was a file or a folder.
    pub(super) fn is_there(&self, path: &Utf8Path) -> bool {
        !self.files.is_empty() && (self.is_file(path) || self.is_dir(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_was_there_when_a_file_in_it_was() {
        let gone = Gone::new(["/r/a/b/x.tf", "/r/a-b/y.tf"].map(Utf8PathBuf::from));
        assert!(gone.is_file("/r/a/b/x.tf".into()) && !gone.is_file("/r/a/b".into()));
        assert!(gone.is_dir("/r/a".into()) && gone.is_dir("/r/a/b".into()) && gone.is_dir("/r/a-b".into()));
        assert!(!gone.is_dir("/r/a/b/x.tf".into()) && !gone.is_dir("/r/a/c".into()));
        assert!(!Gone::default().is_there("/r".into()));
    }
}
