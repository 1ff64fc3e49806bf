//! Stacks from root modules: a folder per environment, one folder for all, or a single folder.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    environment_names::{escape_braces, with_env},
    incomplete_backends::{self, DraftPairs, PairFiles},
    path_position::EnvironmentPositions,
    roots::{RootModule, RootModules},
    scripts::ScriptFindings,
    stack::{DraftStack, EnvironmentLayout},
    tree::RepositoryTree,
    var_files,
    workspace_usage::{self, WorkspaceMentions},
};

/// Makes stacks of these root modules, without names.
pub(super) fn stacks_of_roots(
    tree: &RepositoryTree,
    roots: &RootModules,
    scripts: &ScriptFindings,
) -> Vec<DraftStack> {
    let dirs: Vec<&Utf8Path> = roots.all.iter().map(|root| root.dir.as_path()).collect();
    let positions = EnvironmentPositions::collect(dirs.iter().copied());
    let mut groups: BTreeMap<String, BTreeMap<String, &RootModule>> = BTreeMap::new();
    let mut alone = Vec::new();
    for root in &roots.all {
        match positions.environment_depth(&root.dir) {
            Some(depth) => {
                let (template, environment) = path_template(&root.dir, depth);
                groups.entry(template).or_default().insert(environment, root);
            }
            None => alone.push(root),
        }
    }
    let has_several_stacks = groups.len() + alone.len() > 1;
    let builder = StackBuilder { tree, dirs, scripts, has_several_stacks };
    let mut stacks: Vec<DraftStack> = groups
        .into_iter()
        .map(|(path, by_environment)| builder.stack_of_directories(path, &by_environment))
        .collect();
    stacks.extend(builder.stacks_of_single_folders(&alone));
    stacks
}

/// Returns the folder as a template over the environment at this depth, and the environment.
fn path_template(dir: &Utf8Path, depth: usize) -> (String, String) {
    let parts: Vec<&str> = dir.components().map(|part| part.as_str()).collect();
    let environment = parts[depth];
    let part = |(at, part): (usize, &&str)| match at.cmp(&depth) {
        std::cmp::Ordering::Less => escape_braces(part),
        std::cmp::Ordering::Equal => "{env}".to_owned(),
        std::cmp::Ordering::Greater => with_env(part, environment),
    };
    (parts.iter().enumerate().map(part).collect::<Vec<_>>().join("/"), environment.to_owned())
}

/// Builder of stacks, with the facts about the repository that it needs.
struct StackBuilder<'a> {
    tree: &'a RepositoryTree,
    /// Folders of all root modules.
    dirs: Vec<&'a Utf8Path>,
    scripts: &'a ScriptFindings,
    has_several_stacks: bool,
}

impl StackBuilder<'_> {
    /// Makes a stack with a folder per environment.
    fn stack_of_directories(
        &self,
        path: String,
        by_environment: &BTreeMap<String, &RootModule>,
    ) -> DraftStack {
        let folders = by_environment
            .iter()
            .map(|(environment, root)| (environment.as_str(), self.tree.folders[&root.dir].as_slice()));
        let files: PairFiles = by_environment
            .iter()
            .filter_map(|(environment, root)| {
                Some((environment.clone(), incomplete_backends::pair_file_in(self.tree, &root.dir)?))
            })
            .collect();
        let incomplete = by_environment
            .values()
            .filter_map(|root| root.module.backend.as_ref())
            .find(|b| incomplete_backends::is_incomplete(b));
        let pairs = incomplete.map(|block| {
            if files.is_empty() {
                incomplete_backends::pairs_of_scripts(block, self.scripts, self.has_several_stacks)
            } else {
                incomplete_backends::pairs_of_files(block, &files)
            }
        });
        DraftStack {
            name: String::new(),
            path,
            dirs: by_environment.iter().map(|(name, root)| (name.clone(), root.dir.clone())).collect(),
            var_files: var_files::find_in_environment_folders(folders).files,
            pairs,
            uses_workspaces: false,
            needs: Vec::new(),
            layout: EnvironmentLayout::Directories,
        }
    }

    /// Makes the stacks of folders that name no environment; environments of one stack may be those of others.
    fn stacks_of_single_folders(&self, roots: &[&RootModule]) -> Vec<DraftStack> {
        let mut sets: Vec<var_files::VarFileSet> =
            roots.iter().map(|root| var_files::find_below(self.tree, &root.dir, &self.dirs)).collect();
        let without = sets.iter().filter(|set| set.files.is_empty()).count();
        for (set, root) in sets.iter_mut().zip(roots).filter(|(set, _)| set.files.is_empty()) {
            *set = var_files::find_outside_roots(self.tree, &root.dir, &self.dirs, without == 1);
        }
        let known: BTreeSet<String> = sets.iter().flat_map(|set| set.environments.clone()).collect();
        let is_only_root = roots.len() == 1;
        roots
            .iter()
            .zip(sets)
            .map(|(root, set)| self.stack_of_single_folder(root, set, &known, is_only_root))
            .collect()
    }

    /// Makes a stack of one folder that holds all of its environments, or that belongs to none.
    fn stack_of_single_folder(
        &self,
        root: &RootModule,
        set: var_files::VarFileSet,
        known: &BTreeSet<String>,
        is_only_root: bool,
    ) -> DraftStack {
        let files = incomplete_backends::pair_files_below(self.tree, &root.dir, &self.dirs);
        let mentions = workspace_usage::find_mentions(&root.module);
        let environments = self.environments(root, set.environments, &files, &mentions, known, is_only_root);
        let (pairs, uses_workspaces) = match &root.module.backend {
            _ if environments.is_empty() => (self.pairs_without_environments(root), false),
            None => (None, true),
            Some(block) => {
                let has_template =
                    self.scripts.backend_pairs.iter().any(|(_, template, _)| template.contains("{env}"));
                let pairs = if !files.is_empty() {
                    Some(incomplete_backends::pairs_of_files(block, &files))
                } else if incomplete_backends::is_incomplete(block) || has_template && is_only_root {
                    Some(incomplete_backends::pairs_of_scripts(block, self.scripts, self.has_several_stacks))
                } else {
                    None
                };
                let uses_workspaces = !pairs.as_ref().is_some_and(DraftPairs::distinguish_environments);
                (pairs, uses_workspaces)
            }
        };
        let layout = if environments.is_empty() {
            EnvironmentLayout::NoEnvironment(root.dir.clone())
        } else {
            EnvironmentLayout::SingleFolder
        };
        DraftStack {
            name: String::new(),
            path: if root.dir.as_str().is_empty() {
                ".".to_owned()
            } else {
                escape_braces(root.dir.as_str())
            },
            dirs: environments.into_iter().map(|name| (name, root.dir.clone())).collect(),
            var_files: set.files,
            pairs,
            uses_workspaces,
            needs: Vec::new(),
            layout,
        }
    }

    /// Returns the environments of one folder: those of its var files, its files with pairs for the backend, the workspaces
    /// that the folder or a script names; else, if its backend is incomplete or it mentions its workspace, those of the other
    /// stacks or of scripts.
    fn environments(
        &self,
        root: &RootModule,
        of_var_files: BTreeSet<String>,
        files: &PairFiles,
        mentions: &WorkspaceMentions,
        known: &BTreeSet<String>,
        is_only_root: bool,
    ) -> BTreeSet<String> {
        if !of_var_files.is_empty() {
            return of_var_files;
        }
        if !files.is_empty() {
            return files.keys().cloned().collect();
        }
        let selected = is_only_root && self.scripts.file_selecting_workspaces.is_some();
        let is_incomplete = root.module.backend.as_ref().is_some_and(incomplete_backends::is_incomplete);
        if !(mentions.is_mentioned || selected || is_incomplete) {
            return BTreeSet::new();
        }
        let mut named = mentions.names.clone();
        if selected || mentions.is_mentioned {
            named.extend(self.scripts.workspaces.iter().cloned());
        }
        if named.is_empty() {
            named.extend(known.iter().cloned());
        }
        if named.is_empty() {
            named.extend(self.scripts.environments.iter().cloned());
        }
        named
    }

    /// Returns the pairs for an incomplete backend of a stack that belongs to no environment.
    fn pairs_without_environments(&self, root: &RootModule) -> Option<DraftPairs> {
        let block = root.module.backend.as_ref().filter(|block| incomplete_backends::is_incomplete(block))?;
        Some(incomplete_backends::pairs_of_scripts(block, self.scripts, self.has_several_stacks))
    }
}

/// Makes a stack of a Terragrunt unit outside the environments' folders.
pub(super) fn stack_of_lone_unit(dir: &Utf8PathBuf) -> DraftStack {
    DraftStack {
        name: String::new(),
        path: escape_braces(dir.as_str()),
        dirs: BTreeMap::new(),
        var_files: Vec::new(),
        pairs: None,
        uses_workspaces: false,
        needs: Vec::new(),
        layout: EnvironmentLayout::NoEnvironment(dir.clone()),
    }
}
