//! Stacks from root modules: a folder per environment, one folder for all, or a single folder.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    environment_names::{literal, with_env},
    evidence::Evidence,
    open_backends::{self, Files, Pairs},
    path_position::EnvironmentPositions,
    roots::{Root, Roots},
    stack::{DraftStack, EnvironmentLayout},
    tree::RepositoryTree,
    var_files,
    workspace_usage::{self, Workspaces},
};

/// Makes stacks of these root modules, without names.
pub(super) fn find(tree: &RepositoryTree, roots: &Roots, evidence: &Evidence) -> Vec<DraftStack> {
    let dirs: Vec<&Utf8Path> = roots.found.iter().map(|root| root.dir.as_path()).collect();
    let places = EnvironmentPositions::of(dirs.iter().copied());
    let mut groups: BTreeMap<String, BTreeMap<String, &Root>> = BTreeMap::new();
    let mut alone = Vec::new();
    for root in &roots.found {
        match places.depth(&root.dir) {
            Some(depth) => {
                let (template, environment) = template(&root.dir, depth);
                groups.entry(template).or_default().insert(environment, root);
            }
            None => alone.push(root),
        }
    }
    let several = groups.len() + alone.len() > 1;
    let finder = Finder { tree, dirs, evidence, several };
    let mut stacks: Vec<DraftStack> =
        groups.into_iter().map(|(path, by_environment)| finder.directories(path, &by_environment)).collect();
    stacks.extend(finder.single_roots(&alone));
    stacks
}

/// Returns the folder as a template over the environment at this depth, and the environment.
fn template(dir: &Utf8Path, depth: usize) -> (String, String) {
    let parts: Vec<&str> = dir.components().map(|part| part.as_str()).collect();
    let environment = parts[depth];
    let part = |(at, part): (usize, &&str)| match at.cmp(&depth) {
        std::cmp::Ordering::Less => literal(part),
        std::cmp::Ordering::Equal => "{env}".to_owned(),
        std::cmp::Ordering::Greater => with_env(part, environment),
    };
    (parts.iter().enumerate().map(part).collect::<Vec<_>>().join("/"), environment.to_owned())
}

struct Finder<'a> {
    tree: &'a RepositoryTree,
    dirs: Vec<&'a Utf8Path>,
    evidence: &'a Evidence,
    several: bool,
}

impl Finder<'_> {
    /// Makes a stack with a folder per environment.
    fn directories(&self, path: String, by_environment: &BTreeMap<String, &Root>) -> DraftStack {
        let folders = by_environment
            .iter()
            .map(|(environment, root)| (environment.as_str(), self.tree.folders[&root.dir].as_slice()));
        let files: Files = by_environment
            .iter()
            .filter_map(|(environment, root)| {
                Some((environment.clone(), open_backends::file_in(self.tree, &root.dir)?))
            })
            .collect();
        let open = by_environment
            .values()
            .filter_map(|root| root.module.backend.as_ref())
            .find(|b| open_backends::is_open(b));
        let pairs = open.map(|block| {
            if files.is_empty() {
                open_backends::pairs_of_scripts(block, self.evidence, self.several)
            } else {
                open_backends::pairs_of_files(block, &files)
            }
        });
        DraftStack {
            name: String::new(),
            path,
            dirs: by_environment.iter().map(|(name, root)| (name.clone(), root.dir.clone())).collect(),
            var_files: var_files::inside(folders).files,
            pairs,
            workspaces: false,
            needs: Vec::new(),
            kind: EnvironmentLayout::Directories,
        }
    }

    /// Makes the stacks of folders that name no environment; environments of one stack may be those of others.
    fn single_roots(&self, roots: &[&Root]) -> Vec<DraftStack> {
        let mut sets: Vec<var_files::VarFileSet> =
            roots.iter().map(|root| var_files::below(self.tree, &root.dir, &self.dirs)).collect();
        let without = sets.iter().filter(|set| set.files.is_empty()).count();
        for (set, root) in sets.iter_mut().zip(roots).filter(|(set, _)| set.files.is_empty()) {
            *set = var_files::beside(self.tree, &root.dir, &self.dirs, without == 1);
        }
        let known: BTreeSet<String> = sets.iter().flat_map(|set| set.environments.clone()).collect();
        let only = roots.len() == 1;
        roots.iter().zip(sets).map(|(root, set)| self.single_root(root, set, &known, only)).collect()
    }

    fn single_root(
        &self,
        root: &Root,
        set: var_files::VarFileSet,
        known: &BTreeSet<String>,
        only: bool,
    ) -> DraftStack {
        let files = open_backends::files_below(self.tree, &root.dir, &self.dirs);
        let used = workspace_usage::workspaces(&root.module);
        let environments = self.environments(root, set.environments, &files, &used, known, only);
        let (pairs, workspaces) = match &root.module.backend {
            _ if environments.is_empty() => (self.pairs_alone(root), false),
            None => (None, true),
            Some(block) => {
                let told =
                    self.evidence.backend_pairs.iter().any(|(_, template, _)| template.contains("{env}"));
                let pairs = if !files.is_empty() {
                    Some(open_backends::pairs_of_files(block, &files))
                } else if open_backends::is_open(block) || told && only {
                    Some(open_backends::pairs_of_scripts(block, self.evidence, self.several))
                } else {
                    None
                };
                let workspaces = !pairs.as_ref().is_some_and(Pairs::distinguish_environments);
                (pairs, workspaces)
            }
        };
        let kind = if environments.is_empty() {
            EnvironmentLayout::Alone(root.dir.clone())
        } else {
            EnvironmentLayout::OneRoot
        };
        DraftStack {
            name: String::new(),
            path: if root.dir.as_str().is_empty() { ".".to_owned() } else { literal(root.dir.as_str()) },
            dirs: environments.into_iter().map(|name| (name, root.dir.clone())).collect(),
            var_files: set.files,
            pairs,
            workspaces,
            needs: Vec::new(),
            kind,
        }
    }

    /// Returns the environments of one folder: those of its var files, its files of pairs, the workspaces that the
    /// folder or a script names; else, if its backend is incomplete or it mentions its workspace, those of the other
    /// stacks or of scripts.
    fn environments(
        &self,
        root: &Root,
        of_var_files: BTreeSet<String>,
        files: &Files,
        used: &Workspaces,
        known: &BTreeSet<String>,
        only: bool,
    ) -> BTreeSet<String> {
        if !of_var_files.is_empty() {
            return of_var_files;
        }
        if !files.is_empty() {
            return files.keys().cloned().collect();
        }
        let selected = only && self.evidence.selects.is_some();
        let open = root.module.backend.as_ref().is_some_and(open_backends::is_open);
        if !(used.any || selected || open) {
            return BTreeSet::new();
        }
        let mut named = used.names.clone();
        if selected || used.any {
            named.extend(self.evidence.workspaces.iter().cloned());
        }
        if named.is_empty() {
            named.extend(known.iter().cloned());
        }
        if named.is_empty() {
            named.extend(self.evidence.named_after.iter().cloned());
        }
        named
    }

    fn pairs_alone(&self, root: &Root) -> Option<Pairs> {
        let block = root.module.backend.as_ref().filter(|block| open_backends::is_open(block))?;
        Some(open_backends::pairs_of_scripts(block, self.evidence, self.several))
    }
}

/// Makes a stack of a Terragrunt unit outside the environments' folders.
pub(super) fn lone_unit(dir: &Utf8PathBuf) -> DraftStack {
    DraftStack {
        name: String::new(),
        path: literal(dir.as_str()),
        dirs: BTreeMap::new(),
        var_files: Vec::new(),
        pairs: None,
        workspaces: false,
        needs: Vec::new(),
        kind: EnvironmentLayout::Alone(dir.clone()),
    }
}
