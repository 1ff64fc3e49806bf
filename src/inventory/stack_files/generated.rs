//! Generated folders held against the blocks of the `terragrunt.stack.hcl` that they come from. Terragrunt removes no folder
//! whose block is gone, and goes on listing it.

use std::{
    cell::RefCell,
    collections::{BTreeSet, HashMap},
    rc::Rc,
};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    engine::terragrunt::stack_files::{GENERATED_FOLDER, GENERATED_MARKER, STACK_FILE},
    files,
    inventory::plan_inputs::{ComponentKind, StackComponent, TerragruntStack},
};

/// Generated folder that no block declares any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::inventory) struct Leftover {
    /// Folder of the stack that generated it; `None` if no stack file is there.
    pub(in crate::inventory) stack_dir: Option<Utf8PathBuf>,
    /// Folder of the unit, or of the nested stack that holds the unit.
    pub(in crate::inventory) folder: Utf8PathBuf,
}

/// Paths that a generated unit is made from.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct GeneratedOrigin {
    /// Stack files of the project, with the files that they include or read.
    pub stack_files: BTreeSet<Utf8PathBuf>,
    /// Local folders that the unit, and the nested stacks around it, are copied from.
    pub sources: BTreeSet<Utf8PathBuf>,
    /// Stack files with a source that only Terragrunt can compute.
    pub with_unknown_sources: BTreeSet<Utf8PathBuf>,
}

/// Reader of the stack files of a project, each of which is parsed once.
#[derive(Default)]
pub(in crate::inventory) struct GeneratedFolders {
    stacks: RefCell<HashMap<Utf8PathBuf, Option<Rc<TerragruntStack>>>>,
}

/// Result of looking for the block that a generated folder comes from.
enum Declaration {
    /// Block that declares the folder, or the folder above that it was copied with.
    Declared(StackComponent),
    /// The stack file cannot be read, or has blocks whose folder only Terragrunt can compute.
    Unknown,
    /// No block declares the folder.
    Absent,
}

impl GeneratedFolders {
    /// Returns the stack in a folder; `None` when its file cannot be read or parsed.
    pub(super) fn stack(&self, dir: &Utf8Path) -> Option<Rc<TerragruntStack>> {
        let mut stacks = self.stacks.borrow_mut();
        stacks.entry(dir.to_owned()).or_insert_with(|| TerragruntStack::read(dir).map(Rc::new)).clone()
    }

    /// Returns the generated folder at or above `dir` that no block declares any more; `None` if there is none, also when
    /// only Terragrunt can tell. `root` is the folder of environments.toml.
    pub(in crate::inventory) fn leftover(&self, dir: &Utf8Path, root: &Utf8Path) -> Option<Leftover> {
        let folder = dir.to_owned();
        let stack_dir = match generating_stack(dir, root) {
            GeneratingStack::NotGenerated => return None,
            GeneratingStack::Missing => return Some(Leftover { stack_dir: None, folder }),
            GeneratingStack::In(stack_dir) => stack_dir,
        };
        match self.declaration(&stack_dir, dir) {
            Declaration::Absent => Some(Leftover { stack_dir: Some(stack_dir), folder }),
            Declaration::Declared(_) | Declaration::Unknown => self.leftover(&stack_dir, root),
        }
    }

    /// Returns the paths that a generated unit is made from; `None` for a folder that Terragrunt did not generate.
    pub(in crate::inventory) fn origin(&self, dir: &Utf8Path, root: &Utf8Path) -> Option<GeneratedOrigin> {
        let mut origin = GeneratedOrigin::default();
        let mut generating = generating_stack(dir, root);
        if matches!(generating, GeneratingStack::NotGenerated) {
            return None;
        }
        let mut dir = dir.to_owned();
        while let GeneratingStack::In(stack_dir) = generating {
            let file = stack_dir.join(STACK_FILE);
            match self.declaration(&stack_dir, &dir) {
                Declaration::Declared(StackComponent { source: None, .. })
                | Declaration::Unknown
                | Declaration::Absent => drop(origin.with_unknown_sources.insert(file.clone())),
                Declaration::Declared(component) => {
                    origin.sources.extend(component.local_source(&stack_dir));
                }
            }
            generating = generating_stack(&stack_dir, root);
            // A nested stack's file was generated itself.
            if matches!(generating, GeneratingStack::NotGenerated) {
                origin.stack_files.insert(file);
                let read = self.stack(&stack_dir).map(|stack| stack.files.clone()).unwrap_or_default();
                origin.stack_files.extend(read);
            }
            dir = stack_dir;
        }
        Some(origin)
    }

    /// Looks for the block of the stack in `stack_dir` that declares a folder.
    fn declaration(&self, stack_dir: &Utf8Path, dir: &Utf8Path) -> Declaration {
        let Some(stack) = self.stack(stack_dir) else { return Declaration::Unknown };
        let declares = |component: &&StackComponent| {
            component.folder.as_ref().is_some_and(|folder| {
                folder == dir
                    || (component.kind == ComponentKind::Unit
                        && dir.starts_with(folder)
                        && was_copied_with(folder, dir))
            })
        };
        match stack.components.iter().find(declares) {
            Some(component) => Declaration::Declared(component.clone()),
            None if stack.has_unknown_components => Declaration::Unknown,
            None => Declaration::Absent,
        }
    }
}

/// Returns the paths that a generated unit is made from; `None` for a folder that Terragrunt did not generate.
pub fn origin_of(dir: &Utf8Path, root: &Utf8Path) -> Option<GeneratedOrigin> {
    GeneratedFolders::default().origin(dir, root)
}

/// Stack that a folder comes from.
enum GeneratingStack {
    /// None: Terragrunt did not generate the folder.
    NotGenerated,
    /// Stack whose file is not there any more.
    Missing,
    /// Stack in this folder.
    In(Utf8PathBuf),
}

/// Returns the stack that generates a unit or nested stack in `dir`: that of the nearest folder above with a stack file, or
/// that holds `.terragrunt-stack`.
fn generating_stack(dir: &Utf8Path, root: &Utf8Path) -> GeneratingStack {
    let Ok(below) = dir.strip_prefix(root) else { return GeneratingStack::NotGenerated };
    let is_generated = below.components().any(|part| part.as_str() == GENERATED_FOLDER)
        || files::is_file_there(&dir.join(GENERATED_MARKER));
    if !is_generated {
        return GeneratingStack::NotGenerated;
    }
    let has_stack_file = |dir: &Utf8Path| files::is_file_there(&dir.join(STACK_FILE));
    for above in dir.ancestors().skip(1).take_while(|dir| dir.starts_with(root)) {
        if has_stack_file(above) {
            return GeneratingStack::In(above.to_owned());
        }
        if above.file_name() == Some(GENERATED_FOLDER) {
            return match above.parent().filter(|dir| has_stack_file(dir)) {
                Some(dir) => GeneratingStack::In(dir.to_owned()),
                None => GeneratingStack::Missing,
            };
        }
    }
    GeneratingStack::Missing
}

/// Returns true if a folder below a generated unit was copied with it: each marker on the way lists the next folder.
///
/// The marker is in Go's `gob` encoding, in which a text is followed by the byte of the next field, or by a zero.
fn was_copied_with(unit: &Utf8Path, dir: &Utf8Path) -> bool {
    let above = dir.ancestors().take_while(|dir| *dir != unit);
    above.into_iter().all(|dir| {
        let (Some(parent), Some(name)) = (dir.parent(), dir.file_name()) else { return false };
        let Ok(marker) = files::read(&parent.join(GENERATED_MARKER)) else { return false };
        let parent_name = parent.file_name().unwrap_or_default();
        [0, 1].iter().any(|end| {
            let mut entry = format!("/{parent_name}/{name}").into_bytes();
            entry.push(*end);
            marker.windows(entry.len()).any(|window| window == entry)
        })
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Tree(tempfile::TempDir);

    impl Tree {
        fn new(files: &[(&str, &str)]) -> Self {
            let tree = Self(tempfile::tempdir().unwrap());
            for (file, text) in files {
                let path = tree.root().join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            tree
        }

        fn root(&self) -> &Utf8Path {
            Utf8Path::from_path(self.0.path()).unwrap()
        }

        /// Returns the leftover folder at or above a unit, and the folder of its stack.
        fn leftover(&self, unit: &str) -> Option<(String, Option<String>)> {
            let short = |path: &Utf8Path| path.strip_prefix(self.root()).unwrap().to_string();
            let found = GeneratedFolders::default().leftover(&self.root().join(unit), self.root())?;
            Some((short(&found.folder), found.stack_dir.as_deref().map(short)))
        }
    }

    fn block(kind: &str, path: &str, more: &str) -> String {
        format!("{kind} \"{path}\" {{\n  source = \"../../catalog/{path}\"\n  path = \"{path}\"\n{more}}}\n")
    }

    const BESIDE: &str = "no_dot_terragrunt_stack = true\n";

    #[test]
    fn a_folder_without_a_block_is_left_over() {
        let stack = block("unit", "app", "") + &block("unit", "near", BESIDE);
        let tree = Tree::new(&[
            ("live/terragrunt.stack.hcl", &stack),
            ("live/near/.terragrunt-stack-manifest", ""),
            ("live/far/.terragrunt-stack-manifest", ""),
            ("alone/.terragrunt-stack-manifest", ""),
        ]);
        let of = |folder: &str, stack: Option<&str>| Some((folder.to_owned(), stack.map(str::to_owned)));
        for unit in ["live/.terragrunt-stack/app", "live/near", "live/own", "other"] {
            assert_eq!(tree.leftover(unit), None, "{unit}");
        }
        for unit in ["live/.terragrunt-stack/db", "live/.terragrunt-stack/app/db", "live/far"] {
            assert_eq!(tree.leftover(unit), of(unit, Some("live")), "{unit}");
        }
        for unit in ["gone/.terragrunt-stack/db", "alone"] {
            assert_eq!(tree.leftover(unit), of(unit, None), "{unit}");
        }
    }

    #[test]
    fn units_of_a_nested_stack_are_left_over_with_it() {
        let nested = block("unit", "db", "") + &block("unit", "near", BESIDE);
        let tree = Tree::new(&[
            ("live/terragrunt.stack.hcl", &block("stack", "net", "")),
            ("live/.terragrunt-stack/net/terragrunt.stack.hcl", &nested),
            ("live/.terragrunt-stack/old/terragrunt.stack.hcl", &nested),
        ]);
        for unit in [".terragrunt-stack/db", "near"] {
            assert_eq!(tree.leftover(&format!("live/.terragrunt-stack/net/{unit}")), None, "{unit}");
            let found = tree.leftover(&format!("live/.terragrunt-stack/old/{unit}")).unwrap();
            assert_eq!(found, ("live/.terragrunt-stack/old".to_owned(), Some("live".to_owned())), "{unit}");
        }
        let gone = tree.leftover("live/.terragrunt-stack/net/.terragrunt-stack/gone").unwrap();
        assert_eq!(gone.1.as_deref(), Some("live/.terragrunt-stack/net"));
    }

    #[test]
    fn with_a_computed_path_no_folder_is_known_to_be_left_over() {
        for text in ["unit \"a\" {\n  source = \"a\"\n  path = run_cmd(\"x\")\n}\n", "unit \"a\" {"] {
            let tree = Tree::new(&[("live/terragrunt.stack.hcl", text)]);
            assert_eq!(tree.leftover("live/.terragrunt-stack/db"), None, "{text}");
        }
    }

    #[test]
    fn a_folder_that_was_copied_with_its_unit_is_not_left_over() {
        let tree = Tree::new(&[
            ("live/terragrunt.stack.hcl", &block("unit", "app", "")),
            (
                "live/.terragrunt-stack/app/.terragrunt-stack-manifest",
                "\u{3f}/r/.terragrunt-stack/app/sub\u{1}\u{1}\0",
            ),
        ]);
        assert_eq!(tree.leftover("live/.terragrunt-stack/app/sub"), None);
        assert!(tree.leftover("live/.terragrunt-stack/app/su").is_some());
        assert!(tree.leftover("live/.terragrunt-stack/app/sub2").is_some());
    }

    #[test]
    fn a_unit_is_made_from_the_stack_files_and_sources_around_it() {
        let nested = "unit \"db\" {\n  source = \"${get_repo_root()}/catalog/db\"\n  path = \"db\"\n}\n";
        let tree = Tree::new(&[
            ("live/dev/terragrunt.stack.hcl", &block("stack", "net", "")),
            ("live/dev/.terragrunt-stack/net/terragrunt.stack.hcl", nested),
            ("catalog/net/x", ""),
            ("catalog/db/x", ""),
            (".git/HEAD", ""),
        ]);
        let unit = tree.root().join("live/dev/.terragrunt-stack/net/.terragrunt-stack/db");
        let origin = origin_of(&unit, tree.root()).unwrap();
        let under = |paths: &[&str]| paths.iter().map(|path| tree.root().join(path)).collect::<BTreeSet<_>>();
        assert_eq!(origin.stack_files, under(&["live/dev/terragrunt.stack.hcl"]));
        assert_eq!(origin.sources, under(&["catalog/net", "catalog/db"]));
        assert!(origin.with_unknown_sources.is_empty());
        assert_eq!(origin_of(&tree.root().join("live/dev"), tree.root()), None);
    }
}
