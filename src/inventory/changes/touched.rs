//! Which stacks changed paths touch: those whose plan would be bound to them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{matching::Matching, read::Changes};
use crate::{
    config::Config,
    engine::detect::LOCKFILE,
    graph::{Change, Part, Touched},
    inventory::{
        Instance, Inventory,
        inputs::{InputScope, gone::Gone, reach::Reader},
    },
};

impl Changes {
    /// The stacks of an environment that have changed, each with what of it.
    pub fn touched(&self, inventory: &Inventory, config: &Config) -> Touched {
        let root = config.root();
        let dirs: HashSet<Utf8PathBuf> = inventory.instances().map(|i| i.dir.clone()).collect();
        let matching = Matching::new((&self.paths, &self.links), root);
        let touching = Touching {
            settings: matching.of_file(config.path()),
            matching,
            root,
            apart: dirs.iter().cloned().collect(),
            dirs,
            reader: Reader::new(Gone::new(self.gone.iter().cloned())),
        };
        let mut touched = Touched::new();
        for instance in inventory.instances() {
            let found = touching.of(instance);
            if !found.is_empty() {
                touched.insert(instance.id.stack.clone(), told(found));
            }
        }
        touched
    }
}

/// Changed paths by what they are to a stack.
type Found = BTreeMap<Part, BTreeSet<String>>;

/// One line a kind: the first path, and how many more there are.
fn told(found: Found) -> Vec<Change> {
    let first = |(part, paths): (Part, BTreeSet<String>)| {
        let more = paths.len().saturating_sub(1);
        paths.into_iter().next().map(|path| Change { part, path, more })
    };
    found.into_iter().filter_map(first).collect()
}

/// What is needed to judge a stack.
struct Touching<'c> {
    matching: Matching<'c>,
    root: &'c Utf8Path,
    /// environments.toml, when it has changed.
    settings: Option<String>,
    /// The folders of all stacks.
    dirs: HashSet<Utf8PathBuf>,
    apart: Vec<Utf8PathBuf>,
    reader: Reader,
}

impl Touching<'_> {
    fn of(&self, instance: &Instance) -> Found {
        let mut found = Found::new();
        if !self.matching.knows(&instance.dir) {
            found.entry(Part::Unknown).or_default().insert(instance.path.to_string());
        }
        for path in self.matching.of_stack(&instance.dir, &self.dirs) {
            let part = if path.ends_with(LOCKFILE) { Part::Lockfile } else { Part::File };
            found.entry(part).or_default().insert(path);
        }
        for file in &instance.settings.var_files {
            let paths = self.matching.of_file(&instance.dir.join(&file.path));
            found.entry(Part::VarFile).or_default().extend(paths);
        }
        for glob in &instance.settings.files {
            found.entry(Part::Declared).or_default().extend(self.matching.of_glob(&instance.dir, glob));
        }
        found.entry(Part::Setting).or_default().extend(self.settings.clone());
        found.retain(|_, paths| !paths.is_empty());
        // Whatever else there is: the stack is in, and its HCL need not be read.
        if found.is_empty() && !self.matching.is_empty() {
            self.follow(instance, &mut found);
        }
        found
    }

    /// What the configuration of a stack leads to.
    fn follow(&self, instance: &Instance, found: &mut Found) {
        let reach = self.reader.reach(InputScope::new(instance, self.root, self.apart.clone()));
        for module in &reach.modules {
            found.entry(Part::Module).or_default().extend(self.matching.of_module(module));
        }
        for file in &reach.files {
            let part = if reach.taken_in.contains(file) { Part::Include } else { Part::Named };
            found.entry(part).or_default().extend(self.matching.of_file(file));
        }
        for folder in &reach.folders {
            found.entry(Part::Named).or_default().extend(self.matching.of_stack(folder, &self.dirs));
        }
        for folder in &reach.above {
            found.entry(Part::Named).or_default().extend(self.matching.directly_in(folder));
        }
        found.retain(|_, paths| !paths.is_empty());
    }
}
