//! Resolution of symbolic links in paths, and the changes that affect the result.

use std::{cell::RefCell, collections::HashMap, fs, rc::Rc};

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

use super::{path_set::PathSet, tree::GitTree};

/// Maximum number of nested links. Beyond it (links in a circle) the rest of a path counts as written.
const MAX_LINKS: usize = 40;

/// Path with its symbolic links resolved.
#[derive(Debug, Clone)]
pub(super) struct ResolvedPath<'c> {
    /// Real path, as far as the path exists.
    pub(super) real: Utf8PathBuf,
    /// Changed path that affects this one: a link in the path, a submodule that holds it, or the path itself.
    pub(super) changed_by: Option<&'c str>,
}

/// Resolver of symbolic links with a cache, so that the file system is asked once for each folder.
pub(super) struct SymlinkResolver<'c> {
    paths: &'c PathSet,
    tree: &'c GitTree,
    /// Cache of resolved paths, by the path as given.
    resolved: RefCell<HashMap<String, Rc<ResolvedPath<'c>>>>,
}

impl<'c> SymlinkResolver<'c> {
    /// Returns a resolver with an empty cache. `paths` are the changed paths, `tree` the folders that git lists.
    pub(super) fn new(paths: &'c PathSet, tree: &'c GitTree) -> Self {
        Self { paths, tree, resolved: RefCell::default() }
    }

    /// Resolves the symbolic links of an absolute path.
    pub(super) fn resolve(&self, path: &Utf8Path) -> Rc<ResolvedPath<'c>> {
        self.resolve_within(path, 0)
    }

    /// Resolves a path behind this number of nested links.
    fn resolve_within(&self, path: &Utf8Path, links: usize) -> Rc<ResolvedPath<'c>> {
        if let Some(resolved) = self.resolved.borrow().get(path.as_str()) {
            return Rc::clone(resolved);
        }
        let resolved = Rc::new(match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => self.resolve_name(&self.resolve_within(parent, links), name, links),
            _ => ResolvedPath { real: path.to_owned(), changed_by: None },
        });
        self.resolved.borrow_mut().insert(path.as_str().to_owned(), Rc::clone(&resolved));
        resolved
    }

    /// Resolves one more name, in a resolved folder.
    fn resolve_name(&self, before: &ResolvedPath<'c>, name: &str, links: usize) -> ResolvedPath<'c> {
        let own = before.real.join(name);
        let changed_by = before.changed_by.or_else(|| self.paths.get(&own));
        if self.tree.is_folder(&own) {
            return ResolvedPath { real: own, changed_by };
        }
        let target = fs::read_link(&own).ok().filter(|_| links < MAX_LINKS);
        let Some(target) = target.and_then(|target| Utf8PathBuf::from_path_buf(target).ok()) else {
            return ResolvedPath { real: own, changed_by };
        };
        let mut resolved = ResolvedPath { real: before.real.clone(), changed_by };
        for part in target.components() {
            match part {
                Utf8Component::Prefix(_) | Utf8Component::RootDir => resolved.real = "/".into(),
                Utf8Component::CurDir => {}
                Utf8Component::ParentDir => drop(resolved.real.pop()),
                Utf8Component::Normal(name) => {
                    let next = self.resolve_within(&resolved.real.join(name), links + 1);
                    resolved = ResolvedPath {
                        real: next.real.clone(),
                        changed_by: resolved.changed_by.or(next.changed_by),
                    };
                }
            }
        }
        resolved
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_way_goes_from_link_to_link_and_ends_in_a_circle() {
        let keep = tempfile::tempdir().unwrap();
        let top = Utf8Path::from_path(keep.path()).unwrap().canonicalize_utf8().unwrap();
        fs::create_dir_all(top.join("a/deep")).unwrap();
        for (place, target) in [("l1", "a/l2/x"), ("a/l2", "deep/.."), ("c", "d"), ("d", "c"), ("out", "/")] {
            symlink(target, top.join(place)).unwrap();
        }
        let mut paths = PathSet::new(top.clone());
        paths.insert("a/l2".to_owned());
        let tree = GitTree::default();
        let symlinks = SymlinkResolver::new(&paths, &tree);
        let resolved = symlinks.resolve(&top.join("l1/y"));
        assert_eq!((&resolved.real, resolved.changed_by), (&top.join("a/x/y"), Some("a/l2")));
        let resolved = symlinks.resolve(&top.join("a/x/y"));
        assert_eq!((&resolved.real, resolved.changed_by), (&top.join("a/x/y"), None));
        assert_eq!(symlinks.resolve(&top.join("out/etc")).real, "/etc");
        assert!(symlinks.resolve(&top.join("c/x")).changed_by.is_none());
    }
}
