//! Stack that `envctl init` found in a repository.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;
use serde_json::Value;

use super::{
    backend_pairs::DraftPairs, file_template::SettingsFile, settings_choice::SettingsChoice,
    workspaces::WorkspaceUse,
};

/// Stack that gets a table in environments.toml.
#[derive(Debug)]
pub(super) struct DraftStack {
    /// Name of the stack.
    pub(super) name: String,
    /// Folder, with `{env}` for the name of the environment.
    pub(super) path: String,
    /// Folder by environment, for the environments that have the stack.
    pub(super) dirs: BTreeMap<String, Utf8PathBuf>,
    /// Var files.
    pub(super) var_files: WrittenFiles,
    /// Backend files.
    pub(super) backend_files: WrittenFiles,
    /// Values of the backend files by environment.
    pub(super) backend_values: BTreeMap<String, BTreeMap<String, Value>>,
    /// Key-value pairs that complete its backend block; `None` if nothing is to be written.
    pub(super) pairs: Option<DraftPairs>,
    /// Use of workspaces.
    pub(super) workspace: WorkspaceUse,
    /// Workspaces that scripts or the stack's own files name.
    pub(super) workspaces: BTreeSet<String>,
    /// Name of its workspaces, with `{env}` for the name of the environment; `None` if it is the environment's.
    pub(super) workspace_template: Option<String>,
    /// Stacks whose states it reads in every environment that it is in, by name.
    pub(super) needs: Vec<String>,
    /// Stacks whose states it reads, and that read its own, in every environment that it is in, by name.
    pub(super) reads: Vec<String>,
    /// Links by environment, for the environments that have other ones.
    pub(super) links_by_environment: BTreeMap<String, StackLinks>,
    /// Layout of the folders of its environments.
    pub(super) layout: EnvironmentLayout,
}

/// Links of a stack in one environment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct StackLinks {
    /// Stacks whose states it reads, by name.
    pub(super) needs: Vec<String>,
    /// Stacks whose states it reads, and that read its own, by name.
    pub(super) reads: Vec<String>,
}

/// Layout of a stack's environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum EnvironmentLayout {
    /// Folder per environment.
    Directories,
    /// Single folder for all environments.
    SingleFolder,
    /// Folder without a sign of an environment.
    NoEnvironment(Utf8PathBuf),
}

/// Settings files of a stack as environments.toml has them, with comments.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct WrittenFiles {
    /// Paths from the stack's folder, with `{env}` for the name of the environment and `?` before optional ones.
    pub(super) paths: Vec<String>,
    /// Reason for the paths, for the line before them; `None` if there are none.
    pub(super) reason: Option<String>,
    /// Comments on what a person must decide, for the lines before the paths.
    pub(super) open: Vec<String>,
}

impl WrittenFiles {
    /// Describes the var files of a stack in these environments.
    pub(super) fn of_var_files(choice: &SettingsChoice, environments: &BTreeSet<String>) -> Self {
        Self::new("var_files", "named after the environments; no script passes it", choice, environments)
    }

    /// Describes the backend files of a stack in these environments.
    pub(super) fn of_backend_files(choice: &SettingsChoice, environments: &BTreeSet<String>) -> Self {
        Self::new(
            "backend_files",
            "it holds settings of the backend; no script passes it",
            choice,
            environments,
        )
    }

    fn new(key: &str, guess: &str, choice: &SettingsChoice, environments: &BTreeSet<String>) -> Self {
        let (paths, lacking) = choice.written(environments);
        let reason = match choice.script() {
            _ if paths.is_empty() => None,
            Some(script) => Some(format!("as in {script}")),
            None if paths.iter().any(|path| path.starts_with('?')) => {
                Some(format!("proposal: {guess}; `?`: some environments have none"))
            }
            None => Some(format!("proposal: {guess}")),
        };
        let mut open = Vec::new();
        if !lacking.is_empty() {
            let names: Vec<&str> = lacking.iter().map(String::as_str).collect();
            let names = names.join(" and ");
            open.push(if choice.script().is_some() {
                format!("to decide: no such file here for {names}: add it, or write `?` before the path")
            } else {
                format!("to decide: no such file here for {names}: add it, or leave the `?`")
            });
        }
        for group in &choice.candidates {
            let names: BTreeSet<&String> = group.iter().flat_map(|file| &file.environments).collect();
            let names: Vec<&str> = names.into_iter().map(String::as_str).collect();
            open.push(format!("to decide: one of these is meant for {}", names.join(", ")));
            for SettingsFile { template, .. } in group {
                let all: Vec<&str> = paths.iter().map(String::as_str).chain([template.as_str()]).collect();
                open.push(format!("{key} = {all:?}"));
            }
        }
        for (template, script) in &choice.absent {
            open.push(format!("to decide: {script} passes a file that is not here"));
            open.push(format!("{key} = {:?}", [template]));
        }
        Self { paths, reason, open }
    }

    /// Returns true if there is nothing to write.
    pub(super) fn is_empty(&self) -> bool {
        self.paths.is_empty() && self.open.is_empty()
    }
}

impl DraftStack {
    /// Returns the names of the stacks that it needs in any environment.
    pub(super) fn all_needs(&self) -> impl Iterator<Item = &String> {
        self.needs.iter().chain(self.links_by_environment.values().flat_map(|links| &links.needs))
    }

    /// Returns the settings of the backend that files and pairs give in one environment; `{env}` is not replaced.
    pub(super) fn backend_settings(&self, environment: &str) -> BTreeMap<&str, &Value> {
        let of_files = self.backend_values.get(environment).into_iter().flatten();
        let pairs = self.pairs.iter().flat_map(|pairs| &pairs.values);
        of_files.chain(pairs).map(|(key, value)| (key.as_str(), value)).collect()
    }
}
