//! Which changed paths lie in a place, whichever links lead there.

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{BTreeSet, HashMap, HashSet},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    paths::{Paths, below},
    tree::Tree,
    ways::{Way, Ways},
};
use crate::{
    config::FILE_NAME,
    engine::{layout::marks_stack, units::normalised},
    inventory::inputs::{
        file_pattern::FilePattern,
        walk::{is_data, is_left_out},
    },
};

/// Why a place counts as changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trace {
    /// This path has changed.
    Changed(String),
    /// It lies here, outside of the repository, so that nobody can tell.
    Outside(String),
}

/// Changed paths, and the folder that they are shown from.
pub(super) struct Matching<'c> {
    paths: &'c Paths,
    links: &'c Paths,
    tree: &'c Tree,
    root: Utf8PathBuf,
    ways: Ways<'c>,
    /// Whether folders have configuration of their own.
    modules: RefCell<HashMap<Utf8PathBuf, bool>>,
}

impl<'c> Matching<'c> {
    /// Changed paths and all links, in a tree of which git knows the folders; paths are shown relative to `root`.
    pub(super) fn new((paths, links, tree): (&'c Paths, &'c Paths, &'c Tree), root: &Utf8Path) -> Self {
        let root = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
        Self { paths, links, tree, root, ways: Ways::new(paths, tree), modules: RefCell::default() }
    }

    /// Whether a path lies in the repository.
    pub(super) fn knows(&self, path: &Utf8Path) -> bool {
        self.holds(&self.ways.to(path))
    }

    /// Returns true if a changed path is environments.toml itself, which counts by what it sets.
    pub(super) fn is_project_file(&self, path: &str) -> bool {
        self.paths.top().join(path) == self.root.join(FILE_NAME)
    }

    /// Returns true if a file has changed that a plan may be made of.
    pub(super) fn has_file(&self) -> bool {
        let name = |path: &str| path.rsplit('/').next().is_some_and(|name| !is_left_out(name));
        self.paths.iter().any(|path| name(path) && !self.is_project_file(path))
    }

    /// The names of the files in a folder.
    pub(super) fn names(&self, folder: &Utf8Path) -> Cow<'c, [String]> {
        if let Some(names) = self.tree.names(&self.ways.to(folder).real) {
            return Cow::Borrowed(names);
        }
        // In a folder that cannot be read is nothing that leads anywhere; what plans with it says so.
        let entries = folder.read_dir_utf8().into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_owned()).collect()
    }

    /// Whether a way ends in the repository.
    fn holds(&self, way: &Way<'_>) -> bool {
        below(self.paths.top(), &way.real).is_some()
    }

    /// What of a way makes its end count as changed.
    fn trace(&self, way: &Way<'_>) -> Option<Trace> {
        let outside = || {
            let shown = way.real.strip_prefix(&self.root).unwrap_or(&way.real);
            (!self.holds(way)).then(|| Trace::Outside(shown.to_string()))
        };
        way.held.map(|path| Trace::Changed(self.shown(path))).or_else(outside)
    }

    fn shown(&self, path: &str) -> String {
        let whole = self.paths.top().join(path);
        let mut up = String::new();
        for dir in self.root.ancestors() {
            if let Ok(below) = whole.strip_prefix(dir) {
                return up + below.as_str();
            }
            up.push_str("../");
        }
        path.to_owned()
    }

    /// What has changed in a folder, without what its plan is never made of and without the folders of other stacks.
    pub(super) fn of_stack(&self, dir: &Utf8Path, stacks: &HashSet<&str>) -> Vec<Trace> {
        self.within(dir, &|folder| stacks.contains(folder.as_str()))
    }

    /// What has changed in a module: folders in it with configuration of their own are other modules.
    pub(super) fn of_module(&self, dir: &Utf8Path) -> Vec<Trace> {
        self.within(dir, &|folder| {
            let known = self.modules.borrow().get(folder).copied();
            known.unwrap_or_else(|| {
                let is_module = self.names(folder).iter().any(|name| marks_stack(name));
                self.modules.borrow_mut().insert(folder.to_owned(), is_module);
                is_module
            })
        })
    }

    /// What has changed at any depth in a folder.
    pub(super) fn of_folder(&self, dir: &Utf8Path) -> Vec<Trace> {
        self.within(&normalised(dir), &|_| false)
    }

    /// The changed files among these that lie in a folder above one.
    pub(super) fn above(&self, dir: &Utf8Path, files: &[String]) -> Vec<Trace> {
        if files.is_empty() {
            return Vec::new();
        }
        let real = &self.ways.to(dir).real;
        let is_above = |file: &&String| {
            let folder = self.paths.top().join(file);
            folder.parent().is_some_and(|folder| *real != folder && real.starts_with(folder))
        };
        files.iter().filter(is_above).map(|file| Trace::Changed(self.shown(file))).collect()
    }

    /// What has changed directly in a folder.
    pub(super) fn directly_in(&self, dir: &Utf8Path) -> Vec<Trace> {
        self.within(dir, &|_| true)
    }

    fn within(&self, dir: &Utf8Path, is_other: &dyn Fn(&Utf8Path) -> bool) -> Vec<Trace> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![dir.to_owned()];
        while let Some(dir) = open.pop() {
            let way = self.ways.to(&dir);
            if !seen.insert(way.real.clone()) {
                continue;
            }
            if let Some(trace) = self.trace(&way) {
                found.insert(trace);
                continue;
            }
            let counts = |(path, below): &(&str, &str)| {
                !self.is_project_file(path) && is_own(&dir, below.as_ref(), is_other)
            };
            let changed = self.paths.below(&way.real).into_iter().filter(counts);
            found.extend(changed.map(|(path, _)| Trace::Changed(self.shown(path))));
            // What a link leads to is read as if it lay here.
            open.extend(
                self.links.below(&way.real).into_iter().filter(counts).map(|(_, below)| dir.join(below)),
            );
        }
        found.into_iter().collect()
    }

    /// Whether a file has changed, and as which path.
    pub(super) fn of_file(&self, file: &Utf8Path) -> Option<Trace> {
        self.trace(&self.ways.to(&normalised(file)))
    }

    /// What has changed among the files that a pattern from a folder names; one that is no pattern is told elsewhere.
    pub(super) fn of_glob(&self, dir: &Utf8Path, glob: &str) -> Vec<Trace> {
        let Ok(pattern) = FilePattern::new(dir, glob) else { return Vec::new() };
        let exact = self.of_file(pattern.literal());
        if pattern.is_literal() {
            return exact.into_iter().collect();
        }
        let folder = pattern.folder();
        let way = self.ways.to(folder);
        if let Some(trace) = self.trace(&way) {
            return vec![trace];
        }
        let (changed, links) = (self.paths.below(&way.real), self.links.below(&way.real));
        let is_named = |(_, below): &(&str, &str)| pattern.matches(below.as_ref());
        let changed = changed.into_iter().filter(is_named).map(|(path, _)| Trace::Changed(self.shown(path)));
        let linked = links.into_iter().filter(is_named).filter_map(|(_, below)| {
            // A folder behind a link is not looked into.
            let link = folder.join(below);
            let trace = self.of_file(&link)?;
            (matches!(trace, Trace::Changed(_)) || !link.is_dir()).then_some(trace)
        });
        let exact = exact.filter(|trace| matches!(trace, Trace::Changed(_)));
        changed.chain(linked).chain(exact).collect()
    }
}

/// Whether a path below a folder is one of those that the folder's plan is made of.
fn is_own(dir: &Utf8Path, below: &Utf8Path, is_other: &dyn Fn(&Utf8Path) -> bool) -> bool {
    let name = below.file_name().unwrap_or_default();
    let mut folders = below.ancestors().skip(1).filter(|folder| *folder != "");
    let is_elsewhere =
        |folder: &Utf8Path| folder.file_name().is_some_and(is_data) || is_other(&dir.join(folder));
    !is_left_out(name) && !folders.any(is_elsewhere)
}
