//! Search for the var files and backend files of a stack: those that scripts pass, else those that names and contents tell.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};
use serde_json::Value;

use super::{
    backend_types::distinguishing_key,
    environment_names::{role_of_name, with_env},
    evidence::{NamedFiles, ScriptFact, ScriptFindings, StackFiles},
    file_template::{SHARED_NAMES, SettingsFile, template_of_path},
    roots::RootModule,
    settings_choice::SettingsChoice,
    settings_contents::SettingsContents,
    tree::RepositoryTree,
    var_files,
};
use crate::files::relative_path;

/// Files and scripts of a repository, among which those of its stacks are looked for.
pub(super) struct SettingsFinder<'a> {
    pub(super) tree: &'a RepositoryTree,
    pub(super) scripts: &'a ScriptFindings,
    /// Folders of all root modules.
    pub(super) dirs: Vec<&'a Utf8Path>,
    contents: SettingsContents,
    all_files: BTreeSet<Utf8PathBuf>,
}

impl<'a> SettingsFinder<'a> {
    /// Reads the files that can hold settings.
    pub(super) fn new(
        tree: &'a RepositoryTree,
        scripts: &'a ScriptFindings,
        dirs: Vec<&'a Utf8Path>,
    ) -> Self {
        let contents =
            if dirs.is_empty() { SettingsContents::default() } else { SettingsContents::read(tree) };
        Self { tree, scripts, dirs, contents, all_files: tree.files().collect() }
    }

    /// Finds the var files of a root module whose folder serves all environments.
    pub(super) fn var_files(&self, root: &RootModule, is_only_root_without: bool) -> SettingsChoice {
        let named = self.named_files(&root.dir, |fact| match fact {
            ScriptFact::VarFile(path) => Some(path),
            _ => None,
        });
        let found = if named.found.is_empty() {
            let filter = |path: &Utf8Path| self.contents.is_var_file(path, &root.module);
            let mut found = var_files::find_below(self.tree, &root.dir, &self.dirs, &filter);
            if found.is_empty() {
                let dirs = &self.dirs;
                found =
                    var_files::find_outside_roots(self.tree, &root.dir, dirs, is_only_root_without, &filter);
            }
            found
        } else {
            of_environments(named.found, &|file, environment| {
                let path = file.path_in(&root.dir, environment);
                !self.contents.is_backend_file(&path, &root.module)
            })
        };
        let choice = SettingsChoice::new(found, &root.dir, &self.contents);
        SettingsChoice { absent: named.absent, ..choice }
    }

    /// Returns true if a root module has var files in or below its own folder, or by scripts.
    pub(super) fn has_own_var_files(&self, root: &RootModule) -> bool {
        let filter = |path: &Utf8Path| self.contents.is_var_file(path, &root.module);
        !var_files::find_below(self.tree, &root.dir, &self.dirs, &filter).is_empty()
    }

    /// Finds the backend files of a root module whose folder serves all environments.
    pub(super) fn backend_files(&self, root: &RootModule) -> SettingsChoice {
        if root.is_readable && root.module.backend.is_none() {
            return SettingsChoice::default();
        }
        let named = self.named_files(&root.dir, |fact| match fact {
            ScriptFact::BackendFile(path) => Some(path),
            _ => None,
        });
        let found = if named.found.is_empty() {
            self.backend_files_by_content(root)
        } else {
            of_environments(named.found, &|file, environment| {
                let path = file.path_in(&root.dir, environment);
                self.contents.keys(&path).is_none() || self.contents.is_backend_file(&path, &root.module)
            })
        };
        let choice = SettingsChoice::new(found, &root.dir, &self.contents);
        SettingsChoice { absent: named.absent, ..choice }
    }

    /// Finds the settings files in the folders of a stack's environments: var files, then backend files.
    pub(super) fn files_of_environment_folders(
        &self,
        path: &str,
        by_environment: &BTreeMap<String, &RootModule>,
    ) -> (SettingsChoice, SettingsChoice) {
        let mut named = (Vec::new(), Vec::new());
        for (environment, root) in by_environment {
            let vars = self.named_files(&root.dir, |fact| match fact {
                ScriptFact::VarFile(path) => Some(path),
                _ => None,
            });
            let backends = self.named_files(&root.dir, |fact| match fact {
                ScriptFact::BackendFile(path) => Some(path),
                _ => None,
            });
            add_files_of(environment, vars.found, &mut named.0);
            add_files_of(environment, backends.found, &mut named.1);
        }
        if named.0.is_empty() {
            let folders = by_environment.iter().map(|(environment, root)| {
                (environment.as_str(), root.dir.as_path(), self.tree.folders[&root.dir].as_slice())
            });
            let is_own = |path: &Utf8Path| {
                let folder = path.parent().unwrap_or(Utf8Path::new(""));
                let root = by_environment.values().find(|root| root.dir == folder);
                root.is_none_or(|root| self.contents.is_var_file(path, &root.module))
            };
            named.0 = var_files::find_in_environment_folders(folders, &is_own);
        }
        if named.1.is_empty() {
            for (environment, root) in by_environment {
                let own = self.contents.paths().filter(|path| {
                    path.parent() == Some(&root.dir) && self.contents.is_backend_file(path, &root.module)
                });
                let files = own.map(|path| SettingsFile {
                    template: path.file_name().unwrap_or_default().to_owned(),
                    environments: BTreeSet::new(),
                    script: None,
                });
                add_files_of(environment, files.collect(), &mut named.1);
            }
        }
        let stack = Utf8Path::new(path);
        (
            SettingsChoice::new(named.0, stack, &self.contents),
            SettingsChoice::new(named.1, stack, &self.contents),
        )
    }

    /// Returns the literal values of files by environment.
    pub(super) fn values_of(
        &self,
        choice: &SettingsChoice,
        stack: &Utf8Path,
        environments: &BTreeSet<String>,
    ) -> BTreeMap<String, BTreeMap<String, Value>> {
        let of = |environment: &String| {
            let paths = choice.paths_in(stack, environment);
            let values = paths.iter().flat_map(|path| self.contents.values(path));
            values.map(|(key, value)| (key.to_owned(), value.clone())).collect::<BTreeMap<_, _>>()
        };
        let all = environments.iter().map(|environment| (environment.clone(), of(environment)));
        all.filter(|(_, values)| !values.is_empty()).collect()
    }

    fn named_files(&self, stack: &Utf8Path, path_of: impl Fn(&ScriptFact) -> Option<&String>) -> NamedFiles {
        let files = StackFiles { all: &self.all_files, stack, stacks: &self.dirs };
        let commands = &self.scripts.commands;
        files
            .named_by(commands.iter().filter_map(|command| Some((command, path_of(&command.fact)?.as_str()))))
    }

    /// Finds backend files by their content: below the stack's folder, else beside all stacks if they leave out what
    /// distinguishes states or their path names the stack.
    fn backend_files_by_content(&self, root: &RootModule) -> Vec<SettingsFile> {
        let is_own = |path: &&Utf8PathBuf| self.contents.is_backend_file(path, &root.module);
        let nested = |path: &Utf8Path| {
            let deeper = |other: &&&Utf8Path| **other != root.dir && other.starts_with(&root.dir);
            self.dirs.iter().filter(deeper).any(|other| path.starts_with(other))
        };
        let below = self.contents.paths().filter(|path| path.starts_with(&root.dir) && !nested(path));
        let mut found = Self::templates(root, below.filter(is_own));
        if found.is_empty() {
            let distinguishing =
                root.module.backend.as_ref().and_then(|block| distinguishing_key(&block.backend_type));
            let own_name = root.dir.file_name().unwrap_or_default();
            let serves = |path: &&Utf8PathBuf| {
                let sets_key = distinguishing
                    .is_none_or(|key| self.contents.keys(path).is_some_and(|keys| keys.contains(key)));
                let is_named = path.as_str().split(['/', '.', '-', '_']).any(|part| part == own_name);
                !sets_key || is_named || self.dirs.len() == 1
            };
            let outside =
                self.contents.paths().filter(|path| !self.dirs.iter().any(|dir| path.starts_with(dir)));
            found = Self::templates(root, outside.filter(is_own).filter(serves));
        }
        found
    }

    /// Returns files as templates over their environments, at least one of which has a known name.
    fn templates<'p>(root: &RootModule, paths: impl Iterator<Item = &'p Utf8PathBuf>) -> Vec<SettingsFile> {
        let paths: Vec<String> = paths.map(|path| relative_path(&root.dir, path).into_string()).collect();
        let mut by_template: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for path in &paths {
            if let Some((template, environment)) = template_of_path(Utf8Path::new(path)) {
                by_template.entry(template).or_default().insert(environment);
            }
        }
        for (template, environments) in &mut by_template {
            let Some((before, after)) =
                template.split_once("{env}").filter(|(_, after)| !after.contains("{env}"))
            else {
                continue;
            };
            let other = |path: &String| {
                let name = path.strip_prefix(before)?.strip_suffix(after)?;
                let is_one = !name.is_empty()
                    && !name.contains(['/', '.'])
                    && !SHARED_NAMES.contains(&name)
                    && (role_of_name(name).is_none() || !name.contains(['-', '_']));
                is_one.then(|| name.to_owned())
            };
            environments.extend(paths.iter().filter_map(other));
        }
        let file = |(template, environments)| SettingsFile { template, environments, script: None };
        by_template.into_iter().map(file).collect()
    }
}

/// Leaves out the environments whose files are of another kind.
fn of_environments(
    files: Vec<SettingsFile>,
    is_own: &dyn Fn(&SettingsFile, &str) -> bool,
) -> Vec<SettingsFile> {
    let mut own = Vec::new();
    for mut file in files {
        let environments = file.environments.iter().filter(|environment| is_own(&file, environment)).cloned();
        let environments: BTreeSet<String> = environments.collect();
        if file.environments.is_empty() || !environments.is_empty() {
            file.environments = environments;
            own.push(file);
        }
    }
    own
}

/// Adds the files of one environment's folder to those of the others.
fn add_files_of(environment: &str, found: Vec<SettingsFile>, files: &mut Vec<SettingsFile>) {
    for file in found.into_iter().filter(|file| file.is_in(environment)) {
        let template = if file.template.contains("{env}") {
            file.template
        } else {
            with_env(&file.template, environment)
        };
        match files.iter_mut().find(|other| other.template == template) {
            Some(other) => {
                other.environments.insert(environment.to_owned());
            }
            None => files.push(SettingsFile {
                template,
                environments: [environment.to_owned()].into(),
                script: file.script,
            }),
        }
    }
}
