//! Search for changed paths in files and folders, through symbolic links.

use std::{
    borrow::Cow,
    cell::RefCell,
    collections::{BTreeSet, HashMap, HashSet},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    path_set::{PathSet, strip_folder},
    symlink_resolver::{ResolvedPath, SymlinkResolver},
    tree::GitTree,
};
use crate::{
    config::FILE_NAME,
    engine::layout::{is_found_by_name, marks_stack},
    files::normalised,
    inventory::plan_inputs::{
        file_pattern::FilePattern,
        walk::{is_data_folder, is_state_file},
    },
};

/// Reason that a file or folder counts as changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trace {
    /// Changed path, relative to the folder of environments.toml.
    Changed(String),
    /// Path outside of the repository, of which git knows no changes.
    Outside(String),
}

/// Search for changed paths in files and folders; the results are relative to the folder of environments.toml.
pub(super) struct ChangeMatcher<'c> {
    paths: &'c PathSet,
    links: &'c PathSet,
    tree: &'c GitTree,
    root: Utf8PathBuf,
    symlinks: SymlinkResolver<'c>,
    /// Cache of the folders that were examined; true if a folder holds configuration.
    holds_configuration: RefCell<HashMap<Utf8PathBuf, bool>>,
}

impl<'c> ChangeMatcher<'c> {
    /// Creates the search in the changed paths, all links and the folders that git lists. `root` is the folder of
    /// environments.toml.
    pub(super) fn new(
        (paths, links, tree): (&'c PathSet, &'c PathSet, &'c GitTree),
        root: &Utf8Path,
    ) -> Self {
        let root = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
        Self {
            paths,
            links,
            tree,
            root,
            symlinks: SymlinkResolver::new(paths, tree),
            holds_configuration: RefCell::default(),
        }
    }

    /// Returns true if a path lies in the repository.
    pub(super) fn is_in_repository(&self, path: &Utf8Path) -> bool {
        self.is_resolved_in_repository(&self.symlinks.resolve(path))
    }

    /// Returns true if a changed path is environments.toml itself; its settings are compared instead.
    pub(super) fn is_project_file(&self, path: &str) -> bool {
        self.paths.top().join(path) == self.root.join(FILE_NAME)
    }

    /// Returns true if any changed file may be an input of a plan.
    pub(super) fn has_possible_input(&self) -> bool {
        let name = |path: &str| path.rsplit('/').next().is_some_and(|name| !is_state_file(name));
        self.paths.iter().any(|path| name(path) && !self.is_project_file(path))
    }

    /// Returns the names of the files in a folder; of a folder that git lists, only those of configuration files.
    pub(super) fn file_names(&self, folder: &Utf8Path) -> Cow<'c, [String]> {
        if let Some(names) = self.tree.names(&self.symlinks.resolve(folder).real) {
            return Cow::Borrowed(names);
        }
        // A folder that cannot be read counts as empty: the engine that plans with it reports the error.
        let entries = folder.read_dir_utf8().into_iter().flatten().flatten();
        entries.map(|entry| entry.file_name().to_owned()).collect()
    }

    /// Returns true if a resolved path lies in the repository.
    fn is_resolved_in_repository(&self, resolved: &ResolvedPath<'_>) -> bool {
        strip_folder(self.paths.top(), &resolved.real).is_some()
    }

    /// Returns the reason that a resolved path counts as changed; `None` when it is unchanged.
    fn trace_resolved(&self, resolved: &ResolvedPath<'_>) -> Option<Trace> {
        let outside = || {
            let shown = resolved.real.strip_prefix(&self.root).unwrap_or(&resolved.real);
            (!self.is_resolved_in_repository(resolved)).then(|| Trace::Outside(shown.to_string()))
        };
        resolved.changed_by.map(|path| Trace::Changed(self.relative_to_root(path))).or_else(outside)
    }

    /// Returns a path that git gives, relative to the folder of environments.toml.
    fn relative_to_root(&self, path: &str) -> String {
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

    /// Returns the changes in a folder, without states, data directories and the folders of other stacks.
    pub(super) fn trace_stack(&self, dir: &Utf8Path, stacks: &HashSet<&str>) -> Vec<Trace> {
        self.trace_within(dir, &|folder| stacks.contains(folder.as_str()))
    }

    /// Returns the changes of the files directly in a folder that engines find by their names.
    pub(super) fn trace_files_found_by_name(&self, dir: &Utf8Path) -> Vec<Trace> {
        let mut found = self.trace_directly_in(dir);
        found.retain(|trace| match trace {
            Trace::Changed(path) => path.rsplit('/').next().is_some_and(is_found_by_name),
            Trace::Outside(_) => true,
        });
        found
    }

    /// Returns the changes in a module. Subfolders with configuration are other modules.
    pub(super) fn trace_module(&self, dir: &Utf8Path) -> Vec<Trace> {
        self.trace_within(dir, &|folder| {
            let known = self.holds_configuration.borrow().get(folder).copied();
            known.unwrap_or_else(|| {
                let is_module = self.file_names(folder).iter().any(|name| marks_stack(name));
                self.holds_configuration.borrow_mut().insert(folder.to_owned(), is_module);
                is_module
            })
        })
    }

    /// Returns the changes at any depth in a folder.
    pub(super) fn trace_folder(&self, dir: &Utf8Path) -> Vec<Trace> {
        self.trace_within(&normalised(dir), &|_| false)
    }

    /// Returns the changes among `files` that lie in a folder above `dir`.
    pub(super) fn trace_above(&self, dir: &Utf8Path, files: &[String]) -> Vec<Trace> {
        if files.is_empty() {
            return Vec::new();
        }
        let real = &self.symlinks.resolve(dir).real;
        let is_above = |file: &&String| {
            let folder = self.paths.top().join(file);
            folder.parent().is_some_and(|folder| *real != folder && real.starts_with(folder))
        };
        files.iter().filter(is_above).map(|file| Trace::Changed(self.relative_to_root(file))).collect()
    }

    /// Returns the changes directly in a folder.
    pub(super) fn trace_directly_in(&self, dir: &Utf8Path) -> Vec<Trace> {
        self.trace_within(dir, &|_| true)
    }

    /// Returns the changes in a folder, except in subfolders for which `is_other` is true.
    fn trace_within(&self, dir: &Utf8Path, is_other: &dyn Fn(&Utf8Path) -> bool) -> Vec<Trace> {
        let mut found = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut pending = vec![dir.to_owned()];
        while let Some(dir) = pending.pop() {
            let resolved = self.symlinks.resolve(&dir);
            if !seen.insert(resolved.real.clone()) {
                continue;
            }
            if let Some(trace) = self.trace_resolved(&resolved) {
                found.insert(trace);
                continue;
            }
            let counts = |(path, below): &(&str, &str)| {
                !self.is_project_file(path) && is_input_below(&dir, below.as_ref(), is_other)
            };
            let changed = self.paths.in_folder(&resolved.real).into_iter().filter(counts);
            found.extend(changed.map(|(path, _)| Trace::Changed(self.relative_to_root(path))));
            // The target of a link counts as a part of the folder.
            pending.extend(
                self.links
                    .in_folder(&resolved.real)
                    .into_iter()
                    .filter(counts)
                    .map(|(_, below)| dir.join(below)),
            );
        }
        found.into_iter().collect()
    }

    /// Returns the reason that a file counts as changed; `None` when it is unchanged.
    pub(super) fn trace_file(&self, file: &Utf8Path) -> Option<Trace> {
        self.trace_resolved(&self.symlinks.resolve(&normalised(file)))
    }

    /// Returns the changes of the files that a pattern relative to `dir` matches. An invalid pattern matches none; it is
    /// reported elsewhere.
    pub(super) fn trace_glob(&self, dir: &Utf8Path, glob: &str) -> Vec<Trace> {
        let Ok(pattern) = FilePattern::new(dir, glob) else { return Vec::new() };
        let exact = self.trace_file(pattern.literal());
        if pattern.is_literal() {
            return exact.into_iter().collect();
        }
        let folder = pattern.folder();
        let resolved = self.symlinks.resolve(folder);
        if let Some(trace) = self.trace_resolved(&resolved) {
            return vec![trace];
        }
        let (changed, links) = (self.paths.in_folder(&resolved.real), self.links.in_folder(&resolved.real));
        let is_named = |(_, below): &(&str, &str)| pattern.matches(below.as_ref());
        let changed =
            changed.into_iter().filter(is_named).map(|(path, _)| Trace::Changed(self.relative_to_root(path)));
        let linked = links.into_iter().filter(is_named).filter_map(|(_, below)| {
            // A link to a folder outside of the repository does not count.
            let link = folder.join(below);
            let trace = self.trace_file(&link)?;
            (matches!(trace, Trace::Changed(_)) || !link.is_dir()).then_some(trace)
        });
        let exact = exact.filter(|trace| matches!(trace, Trace::Changed(_)));
        changed.chain(linked).chain(exact).collect()
    }
}

/// Returns true if a file below a folder is an input of the folder's plan: no state, not in a data directory, and not in a
/// folder for which `is_other` is true.
fn is_input_below(dir: &Utf8Path, below: &Utf8Path, is_other: &dyn Fn(&Utf8Path) -> bool) -> bool {
    let name = below.file_name().unwrap_or_default();
    let mut folders = below.ancestors().skip(1).filter(|folder| *folder != "");
    let is_elsewhere =
        |folder: &Utf8Path| folder.file_name().is_some_and(is_data_folder) || is_other(&dir.join(folder));
    !is_state_file(name) && !folders.any(is_elsewhere)
}
