//! Which changed paths lie in a place, whichever links lead there.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap, HashSet},
    fs,
};

use camino::{Utf8Path, Utf8PathBuf};
use globset::GlobBuilder;

use super::paths::Paths;
use crate::{
    engine::{detect::LOCKFILE, layout::marks_stack, units::normalised},
    inventory::inputs::walk::{is_data, is_left_out},
};

/// Changed paths, and the folder that they are shown from.
pub(super) struct Matching<'c> {
    paths: &'c Paths,
    links: &'c Paths,
    root: Utf8PathBuf,
    /// Where folders really are.
    real: RefCell<HashMap<Utf8PathBuf, Utf8PathBuf>>,
    /// Whether folders have configuration of their own.
    modules: RefCell<HashMap<Utf8PathBuf, bool>>,
}

impl<'c> Matching<'c> {
    /// Changed paths and all links; paths are shown relative to `root`.
    pub(super) fn new((paths, links): (&'c Paths, &'c Paths), root: &Utf8Path) -> Self {
        let root = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
        Self { paths, links, root, real: RefCell::default(), modules: RefCell::default() }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Whether a path lies in the repository.
    pub(super) fn knows(&self, path: &Utf8Path) -> bool {
        self.real(path).starts_with(self.paths.top())
    }

    /// Where a path really is, as far as there is something.
    fn real(&self, path: &Utf8Path) -> Utf8PathBuf {
        if let Some(real) = self.real.borrow().get(path) {
            return real.clone();
        }
        let real = match (path.parent(), path.file_name()) {
            (Some(parent), Some(name)) => {
                let own = self.real(parent).join(name);
                let is_link = fs::symlink_metadata(&own).is_ok_and(|kind| kind.is_symlink());
                if is_link { own.canonicalize_utf8().unwrap_or(own) } else { own }
            }
            _ => path.to_owned(),
        };
        self.real.borrow_mut().insert(path.to_owned(), real.clone());
        real
    }

    /// The links on the way to a path that have changed, and a submodule that holds it.
    fn on_the_way(&self, path: &Utf8Path) -> Option<&'c str> {
        let mut found = self.paths.holding(&self.real(path));
        let mut at = path;
        while let (None, Some(parent), Some(name)) = (found, at.parent(), at.file_name()) {
            found = self.paths.holding(&self.real(parent).join(name));
            at = parent;
        }
        found
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
    pub(super) fn of_stack(&self, dir: &Utf8Path, stacks: &HashSet<Utf8PathBuf>) -> Vec<String> {
        self.within(dir, &|folder| stacks.contains(folder))
    }

    /// What has changed in a module: folders in it with configuration of their own are other modules.
    pub(super) fn of_module(&self, dir: &Utf8Path) -> Vec<String> {
        self.within(dir, &|folder| {
            let known = self.modules.borrow().get(folder).copied();
            known.unwrap_or_else(|| {
                let names = folder.read_dir_utf8().into_iter().flatten().flatten();
                let is_module = names.into_iter().any(|entry| marks_stack(entry.file_name()));
                self.modules.borrow_mut().insert(folder.to_owned(), is_module);
                is_module
            })
        })
    }

    /// What has changed directly in a folder.
    pub(super) fn directly_in(&self, dir: &Utf8Path) -> Vec<String> {
        self.within(dir, &|_| true)
    }

    fn within(&self, dir: &Utf8Path, is_other: &dyn Fn(&Utf8Path) -> bool) -> Vec<String> {
        let mut found = BTreeSet::new();
        let mut seen = HashSet::new();
        let mut open = vec![dir.to_owned()];
        while let Some(dir) = open.pop() {
            let real = self.real(&dir);
            if !seen.insert(real.clone()) {
                continue;
            }
            if let Some(held) = self.on_the_way(&dir) {
                found.insert(self.shown(held));
                continue;
            }
            let counts = |(_, below): &(&str, &str)| is_own(&dir, below.as_ref(), is_other);
            let changed = self.paths.below(&real).into_iter().filter(counts);
            found.extend(changed.map(|(path, _)| self.shown(path)));
            // What a link leads to is read as if it lay here.
            open.extend(self.links.below(&real).into_iter().filter(counts).map(|(_, below)| dir.join(below)));
        }
        found.into_iter().collect()
    }

    /// Whether a file has changed, and as which path.
    pub(super) fn of_file(&self, file: &Utf8Path) -> Option<String> {
        self.on_the_way(&normalised(file)).map(|path| self.shown(path))
    }

    /// What has changed among the files that a pattern from a folder names; one that is no pattern is told elsewhere.
    pub(super) fn of_glob(&self, dir: &Utf8Path, glob: &str) -> Vec<String> {
        let whole = normalised(&dir.join(glob));
        let fixed = whole.as_str().find(['*', '?', '[', '{']);
        let Some(fixed) = fixed.and_then(|at| whole.as_str()[..at].rfind('/')) else {
            return self.of_file(&whole).into_iter().collect();
        };
        let folder = Utf8Path::new(&whole.as_str()[..fixed]);
        if let Some(held) = self.on_the_way(folder) {
            return vec![self.shown(held)];
        }
        let below = self.paths.below(&self.real(folder));
        let Some(glob) = Some(below.is_empty())
            .filter(|empty| !empty)
            .and_then(|_| GlobBuilder::new(whole.as_str()).literal_separator(true).build().ok())
        else {
            return Vec::new();
        };
        let matcher = glob.compile_matcher();
        let named = below.into_iter().filter(|(_, below)| matcher.is_match(folder.join(below)));
        named.map(|(path, _)| self.shown(path)).collect()
    }
}

/// Whether a path below a folder is one of those that the folder's plan is made of.
fn is_own(dir: &Utf8Path, below: &Utf8Path, is_other: &dyn Fn(&Utf8Path) -> bool) -> bool {
    let name = below.file_name().unwrap_or_default();
    let mut folders = below.ancestors().skip(1).filter(|folder| *folder != "");
    let is_elsewhere =
        |folder: &Utf8Path| folder.file_name().is_some_and(is_data) || is_other(&dir.join(folder));
    (name == LOCKFILE || !is_left_out(name)) && !folders.any(is_elsewhere)
}
