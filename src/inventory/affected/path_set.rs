//! Paths in a repository, sorted so that the paths of a folder are adjacent.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

/// Sorted set of paths in one repository, for example of the changed paths or of the symbolic links.
#[derive(Debug, Clone, Default)]
pub(super) struct PathSet {
    /// Root of the repository, with symbolic links resolved.
    top: Utf8PathBuf,
    /// True if the file system ignores case; git then spells a path as it was first added.
    ignores_case: bool,
    /// Paths as git spells them, by the form that [`Self::comparable`] compares; both are relative to the root.
    by_comparable: BTreeMap<String, String>,
}

impl PathSet {
    /// Returns an empty set for the repository at `top`.
    pub(super) fn new(top: Utf8PathBuf) -> Self {
        let ignores_case = top.join(".GIT").exists();
        Self { top, ignores_case, by_comparable: BTreeMap::new() }
    }

    /// Returns the root of the repository.
    pub(super) fn top(&self) -> &Utf8Path {
        &self.top
    }

    /// Adds a path relative to the root.
    pub(super) fn insert(&mut self, path: String) {
        self.by_comparable.insert(self.fold_case(&path), path);
    }

    /// Returns all paths as git spells them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.by_comparable.values().map(String::as_str)
    }

    /// Returns true if the file system ignores case.
    pub(super) fn ignores_case(&self) -> bool {
        self.ignores_case
    }

    /// Returns a path in lower case if the file system ignores case, else as it is.
    fn fold_case(&self, path: &str) -> String {
        if self.ignores_case { path.to_lowercase() } else { path.to_owned() }
    }

    /// Returns the form in which an absolute path is compared; `None` for a path outside of the repository.
    fn comparable(&self, path: &Utf8Path) -> Option<String> {
        Some(self.fold_case(strip_folder(&self.top, path)?))
    }

    /// Returns the paths of the set in a folder, each as git spells it and relative to the folder.
    pub(super) fn in_folder<'p>(&'p self, dir: &Utf8Path) -> Vec<(&'p str, &'p str)> {
        let Some(key) = self.comparable(dir).filter(|_| !self.by_comparable.is_empty()) else {
            return Vec::new();
        };
        let all = key.is_empty();
        // `0` is the character after `/`.
        let (from, to) =
            if all { (String::new(), String::new()) } else { (format!("{key}/"), format!("{key}0")) };
        let within = |(name, _): &(&String, &String)| all || **name < to;
        // A path in lower case has the same number of folders, but perhaps another number of bytes.
        let depth = from.matches('/').count();
        let relative = |path: &'p str| path.splitn(depth + 1, '/').nth(depth);
        let known = self.by_comparable.range(from.clone()..).take_while(within);
        known.filter_map(|(_, path)| Some((path.as_str(), relative(path)?))).collect()
    }

    /// Returns the path of the set that is equal to this absolute path, as git spells it.
    pub(super) fn get(&self, path: &Utf8Path) -> Option<&str> {
        self.by_comparable.get(&self.comparable(path)?).map(String::as_str)
    }
}

/// Returns the rest of a path below a folder. Both are absolute, without links and dots, so that texts can be compared.
pub(super) fn strip_folder<'p>(folder: &Utf8Path, path: &'p Utf8Path) -> Option<&'p str> {
    let folder = folder.as_str().trim_end_matches('/');
    let rest = path.as_str().strip_prefix(folder)?;
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_left_off_as_a_whole_or_not_at_all() {
        let left = |folder: &str, path| strip_folder(folder.into(), Utf8Path::new(path)).map(str::to_owned);
        let some = |rest: &str| Some(rest.to_owned());
        assert_eq!(
            (left("/r", "/r/a/b"), left("/r", "/r"), left("/r", "/rest")),
            (some("a/b"), some(""), None)
        );
        assert_eq!((left("/", "/a"), left("/", "/"), left("/r/a", "/r")), (some("a"), some(""), None));
    }

    fn paths(ignores_case: bool, all: &[&str]) -> PathSet {
        let mut paths = PathSet { ignores_case, ..PathSet::new("/r".into()) };
        for path in all {
            paths.insert((*path).to_owned());
        }
        paths
    }

    #[test]
    fn a_folder_has_what_lies_below_it_and_not_what_begins_like_it() {
        let paths = paths(false, &["a/x.tf", "a-b/y.tf", "a/b/z.tf", "a.tf", "ab/z.tf"]);
        assert_eq!(paths.in_folder("/r/a".into()), [("a/b/z.tf", "b/z.tf"), ("a/x.tf", "x.tf")]);
        assert_eq!(paths.in_folder("/r".into()).len(), 5);
        assert!(paths.in_folder("/other".into()).is_empty() && paths.in_folder("/r/A".into()).is_empty());
    }

    #[test]
    fn where_the_file_system_does_not_look_at_case_nobody_does() {
        let paths = paths(true, &["Infra/App/Main.tf"]);
        assert_eq!(paths.in_folder("/r/infra/app".into()), [("Infra/App/Main.tf", "Main.tf")]);
        assert_eq!(paths.get("/r/infra/APP/main.tf".into()), Some("Infra/App/Main.tf"));
    }
}
