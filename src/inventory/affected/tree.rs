//! Folders of a working tree as git lists them, so that envctl need not read most folders from the file system.

use std::collections::HashMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::path_set::strip_folder;
use crate::{engine::layout::marks_stack, git::listing::Listing};

/// Folders that hold a tracked file, each with the names of the configuration files directly in it.
#[derive(Debug, Default)]
pub(super) struct GitTree {
    /// Root of the repository.
    top: Utf8PathBuf,
    /// Names of configuration files by folder; folders are relative to the root.
    folders: HashMap<String, Vec<String>>,
}

impl GitTree {
    /// Builds the tree at `top` from git's listing of tracked, untracked and ignored files. A link that replaced a tracked
    /// folder is listed as untracked, and its folder is removed: so no folder in the tree is a link.
    pub(super) fn new(top: &Utf8Path, listing: &Listing<'_>) -> Self {
        let mut tree = Self { top: top.to_owned(), folders: HashMap::new() };
        let mut last = None;
        for path in &listing.tracked {
            let (folder, name) = split_path(path);
            if last != Some(folder) {
                tree.add_folder(folder);
                last = Some(folder);
            }
            tree.add_file(folder, name);
        }
        for path in listing.untracked.iter().filter(|path| !path.ends_with('/')) {
            let (folder, name) = split_path(path);
            tree.remove_folder(path);
            tree.add_file(folder, name);
        }
        tree
    }

    /// Adds a file of a folder.
    fn add_file(&mut self, folder: &str, name: &str) {
        if marks_stack(name)
            && let Some(names) = self.folders.get_mut(folder)
        {
            names.push(name.to_owned());
        }
    }

    /// Adds a folder and the folders above it.
    fn add_folder(&mut self, folder: &str) {
        let mut missing = Some(folder);
        while let Some(folder) = missing {
            if self.folders.contains_key(folder) {
                break;
            }
            self.folders.insert(folder.to_owned(), Vec::new());
            missing = (!folder.is_empty()).then(|| split_path(folder).0);
        }
    }

    /// Removes a folder if git lists an untracked file at its path.
    fn remove_folder(&mut self, path: &str) {
        if self.folders.contains_key(path) {
            let is_below = |folder: &str| folder.strip_prefix(path).is_some_and(|rest| rest.starts_with('/'));
            self.folders.retain(|folder, _| folder != path && !is_below(folder));
        }
    }

    /// Returns the names of the configuration files in a folder, given by its real path; `None` when git may not know all
    /// of them.
    pub(super) fn names(&self, folder: &Utf8Path) -> Option<&[String]> {
        self.folders.get(strip_folder(&self.top, folder)?).map(Vec::as_slice)
    }

    /// Returns true if a path is certainly a folder and not a link.
    pub(super) fn is_folder(&self, path: &Utf8Path) -> bool {
        self.names(path).is_some()
    }
}

/// Splits a path into its folder and its name.
fn split_path(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_has_what_is_tracked_in_it_and_what_is_not() {
        let listing = Listing {
            tracked: vec!["a/b/x.tf", "a/b/y.md", "a/b/y.tf", "z.tf"],
            untracked: vec!["a/b/new.tf", "a/other/", "a/b/.terraform/", "c/d.tf"],
            ..Listing::default()
        };
        let tree = GitTree::new("/r".into(), &listing);
        let names = |folder: &str| tree.names(folder.into()).map(<[String]>::to_vec);
        assert_eq!(names("/r/a/b").unwrap(), ["x.tf", "y.tf", "new.tf"]);
        assert_eq!((names("/r/a").unwrap().len(), names("/r").unwrap()), (0, vec!["z.tf".to_owned()]));
        for unknown in ["/r/a/other", "/r/a/b/.terraform", "/r/c", "/", "/r/a/b/x.tf"] {
            assert_eq!(names(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn a_link_where_a_folder_was_is_no_folder() {
        let listing =
            Listing { tracked: vec!["a/b/x.tf", "a/c/x.tf"], untracked: vec!["a/b"], ..Listing::default() };
        let tree = GitTree::new("/r".into(), &listing);
        assert!(!tree.is_folder("/r/a/b".into()) && tree.is_folder("/r/a/c".into()));
        let listing = Listing { untracked: vec!["a"], ..listing };
        assert!(!GitTree::new("/r".into(), &listing).is_folder("/r/a/c".into()));
    }
}
