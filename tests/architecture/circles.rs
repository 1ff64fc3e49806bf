//! Circles: files of one top-level module that import each other.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    imports::{NamedPath, named_paths},
    sources::Source,
};

/// Number of files that may import each other: a parent and its child.
const MOST: usize = 2;

/// Larger circles by their files; the list only shrinks.
const CIRCLES: &str = include_str!("circles.txt");

/// Path of a module as names below the crate's root.
type Module = Vec<String>;

/// Modules of the crate with their sources and re-exports.
struct Crate<'s> {
    sources: BTreeMap<Module, &'s Source>,
    exports: BTreeMap<Module, BTreeMap<&'s str, NamedPath<'s>>>,
}

impl<'s> Crate<'s> {
    fn of(sources: &'s [Source]) -> Self {
        let module = |source: &Source| source.module().into_iter().map(str::to_owned).collect::<Module>();
        let exports = sources.iter().map(|source| (module(source), exports(&source.text))).collect();
        Self { sources: sources.iter().map(|source| (module(source), source)).collect(), exports }
    }

    /// Returns the module that declares what a path names, as it is written in another module.
    fn resolve(&self, from: &[String], path: &[&str]) -> Option<Module> {
        let climbed = path.iter().take_while(|name| **name == "super").count();
        let (mut at, mut rest) = match *path.first()? {
            "crate" => (Module::new(), &path[1..]),
            "self" => (from.to_vec(), &path[1..]),
            _ => (from[..from.len().checked_sub(climbed)?].to_vec(), &path[climbed..]),
        };
        while let Some((name, more)) = rest.split_first() {
            let child: Module = at.iter().cloned().chain([(*name).to_owned()]).collect();
            if self.sources.contains_key(&child) {
                (at, rest) = (child, more);
            } else if let Some(exported) = self.exports.get(&at).and_then(|exports| exports.get(name)) {
                let path: NamedPath<'_> = exported.iter().chain(more).copied().collect();
                return self.resolve(&at, &path);
            } else {
                break;
            }
        }
        self.sources.contains_key(&at).then_some(at)
    }

    /// Returns the files of its own top-level module that a file imports, except the lists of exports in `mod.rs`.
    fn imports(&self, module: &Module) -> BTreeSet<Module> {
        let source = self.sources[module];
        let named = named_paths(source.without_tests()).into_iter();
        let modules = named.filter_map(|path| self.resolve(module, &path));
        let is_file = |other: &Module| !self.sources[other].path.ends_with("/mod.rs");
        modules.filter(|other| other != module && other[..1] == module[..1] && is_file(other)).collect()
    }
}

/// Returns the names that a file re-exports from other modules, with their paths.
fn exports(text: &str) -> BTreeMap<&str, NamedPath<'_>> {
    let lists = text.split("\npub use ").skip(1).chain(text.split("\npub(super) use ").skip(1));
    let lists =
        lists.chain(text.split("\npub(in ").skip(1).filter_map(|text| Some(text.split_once(") use ")?.1)));
    let mut found = BTreeMap::new();
    for list in lists.filter_map(|text| text.split(';').next()) {
        let start = list.find("::").map_or("", |end| &list[..end]);
        for path in super::imports::paths_of_use(list) {
            let path =
                if ["crate", "super", "self"].contains(&start) { path } else { [&["self"], &*path].concat() };
            found.insert(*path.last().unwrap(), path);
        }
    }
    found
}

/// Returns the sets of more than [`MOST`] files that import each other.
fn circles(imports: &BTreeMap<Module, BTreeSet<Module>>) -> Vec<BTreeSet<&Module>> {
    let reached = |from: &Module| {
        let (mut open, mut reached) = (vec![from.clone()], BTreeSet::new());
        while let Some(module) = open.pop() {
            for next in imports.get(&module).into_iter().flatten() {
                if reached.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        reached
    };
    let reached: BTreeMap<&Module, BTreeSet<Module>> =
        imports.keys().map(|module| (module, reached(module))).collect();
    let circle = |module: &Module| {
        let both = |other: &&Module| reached[module].contains(*other) && reached[*other].contains(module);
        reached.keys().copied().filter(both).collect::<BTreeSet<_>>()
    };
    let mut found: Vec<_> = imports.keys().map(circle).filter(|circle| circle.len() > MOST).collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn files_do_not_import_each_other_in_circles() {
    let sources = Source::of_the_crate();
    let names = Crate::of(&sources);
    let is_file = |module: &&Module| !module.is_empty() && !names.sources[*module].path.ends_with("/mod.rs");
    let imports = names.sources.keys().filter(is_file).map(|module| (module.clone(), names.imports(module)));
    let imports = imports.collect();
    let shown = |circle: BTreeSet<&Module>| {
        let files: Vec<String> = circle.into_iter().map(|module| module.join("/")).collect();
        files.join(" ")
    };
    let excused: Vec<BTreeSet<&str>> = CIRCLES.lines().map(|line| line.split(' ').collect()).collect();
    let is_excused = |files: &str| {
        let files: BTreeSet<&str> = files.split(' ').collect();
        excused.iter().any(|circle| files.is_subset(circle))
    };
    let found: Vec<String> = circles(&imports).into_iter().map(shown).collect();
    let new: Vec<&String> = found.iter().filter(|files| !is_excused(files)).collect();
    assert!(new.is_empty(), "files import each other in circles: {new:#?}");
}
