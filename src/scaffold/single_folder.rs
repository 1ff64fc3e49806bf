//! Stacks of root modules whose one folder serves all environments, or that belong to none.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    backend_pairs::{BackendContext, DraftPairs},
    environment_names::escape_braces,
    roots::RootModule,
    settings_choice::SettingsChoice,
    settings_finder::SettingsFinder,
    stack::{DraftStack, EnvironmentLayout, WrittenFiles},
    workspace_usage::{self, WorkspaceMentions},
    workspaces::{SelectedWorkspaces, WorkspaceFacts, WorkspaceUse},
};

/// Root module with the settings files that were found for it.
struct SingleFolder<'a> {
    root: &'a RootModule,
    var_files: SettingsChoice,
    backend_files: SettingsChoice,
    mentions: WorkspaceMentions,
    selected: SelectedWorkspaces,
}

/// Makes the stacks of folders that name no environment; environments of one stack may be those of others.
pub(super) fn stacks_of_single_folders(
    finder: &SettingsFinder<'_>,
    roots: &[&RootModule],
) -> Vec<DraftStack> {
    let without = roots.iter().filter(|root| !finder.has_own_var_files(root)).count();
    let folders: Vec<SingleFolder<'_>> =
        roots.iter().map(|root| SingleFolder::find(finder, root, without == 1)).collect();
    let known: BTreeSet<String> = folders.iter().flat_map(SingleFolder::environments_of_files).collect();
    folders.iter().map(|folder| folder.stack(finder, &known, roots.len() == 1)).collect()
}

impl<'a> SingleFolder<'a> {
    /// Finds the settings files and workspaces of a root module.
    fn find(finder: &SettingsFinder<'_>, root: &'a RootModule, is_only_root_without: bool) -> Self {
        Self {
            var_files: finder.var_files(root, is_only_root_without),
            backend_files: finder.backend_files(root),
            mentions: workspace_usage::find_mentions(finder.tree, root, finder.scripts),
            selected: SelectedWorkspaces::find(finder.scripts, &root.dir),
            root,
        }
    }

    /// Returns the environments of the settings files.
    fn environments_of_files(&self) -> BTreeSet<String> {
        &self.var_files.environments() | &self.backend_files.environments()
    }

    /// Makes the stack.
    fn stack(&self, finder: &SettingsFinder<'_>, known: &BTreeSet<String>, is_only_root: bool) -> DraftStack {
        let dir = &self.root.dir;
        let environments = self.environments(finder, known, is_only_root);
        let of_files = finder.values_of(&self.backend_files, dir, &environments);
        let context = self.root.module.backend.as_ref().map(|block| BackendContext {
            folder: dir,
            stacks: &finder.dirs,
            block,
            of_files: &of_files,
            has_candidates: !self.backend_files.candidates.is_empty(),
        });
        let pairs = context.as_ref().map(|context| context.pairs(finder.scripts)).unwrap_or_default();
        let distinguishes =
            context.as_ref().is_some_and(|context| context.distinguishes(&pairs, &environments));
        let path = if dir.as_str().is_empty() { "." } else { dir.as_str() };
        let folder = if path == "." { "the root folder" } else { path };
        let workspace = if self.root.is_readable {
            let facts = WorkspaceFacts {
                selected: &self.selected,
                mentions: &self.mentions,
                environments: &environments,
                distinguishes,
                has_unknown_place: context.as_ref().is_some_and(|context| context.has_unknown_place(&pairs)),
                has_folders: false,
                source: self.source_of_environments(&environments),
                folder,
            };
            facts.decide()
        } else {
            WorkspaceUse::Unnamed(format!("{folder} has a file that cannot be read"))
        };
        let layout = if environments.is_empty() {
            EnvironmentLayout::NoEnvironment(dir.clone())
        } else {
            EnvironmentLayout::SingleFolder
        };
        DraftStack {
            name: String::new(),
            path: escape_braces(path),
            var_files: WrittenFiles::of_var_files(&self.var_files, &environments),
            backend_files: WrittenFiles::of_backend_files(&self.backend_files, &environments),
            dirs: environments.into_iter().map(|name| (name, dir.clone())).collect(),
            backend_values: of_files,
            pairs: Some(pairs).filter(|pairs| !DraftPairs::is_empty(pairs)),
            workspace,
            workspaces: &self.selected.names | &self.mentions.names,
            workspace_template: self.selected.template.clone(),
            needs: Vec::new(),
            reads: Vec::new(),
            links_by_environment: BTreeMap::new(),
            layout,
        }
    }

    /// Returns a file that names one of the environments.
    fn source_of_environments(&self, environments: &BTreeSet<String>) -> Option<String> {
        let first = environments.first()?;
        let files = self.var_files.files.iter().chain(&self.backend_files.files);
        let mut named = files.filter(|file| file.environments.contains(first));
        Some(named.next()?.template.replace("{env}", first))
    }

    /// Returns the environments of the folder: those of its settings files and the workspaces that the folder or a script
    /// names; else, if its backend is incomplete or it mentions its workspace, those of the other stacks or of scripts.
    fn environments(
        &self,
        finder: &SettingsFinder<'_>,
        known: &BTreeSet<String>,
        is_only_root: bool,
    ) -> BTreeSet<String> {
        let of_files = self.environments_of_files();
        if !of_files.is_empty() {
            return of_files;
        }
        let is_selected = self.selected.script.is_some();
        let lacks_place = self.root.module.backend.as_ref().is_some_and(|block| {
            let nothing = BTreeMap::new();
            let context = BackendContext {
                folder: &self.root.dir,
                stacks: &finder.dirs,
                block,
                of_files: &nothing,
                has_candidates: false,
            };
            let pairs = context.pairs(finder.scripts);
            block.attributes.is_empty() || pairs.proposal.is_some() || !pairs.unknown_keys.is_empty()
        });
        let mut named = self.mentions.names.clone();
        if is_selected || self.mentions.is_mentioned {
            named.extend(self.selected.names.iter().cloned());
        }
        if named.is_empty() && (self.mentions.is_mentioned || is_selected && is_only_root || lacks_place) {
            named.extend(known.iter().cloned());
            if named.is_empty() {
                named.extend(finder.scripts.environments.iter().cloned());
            }
        }
        named
    }
}
