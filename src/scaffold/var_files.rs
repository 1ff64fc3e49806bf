//! Var files of a stack, as templates over its environments.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    environment_names::{escape_braces, is_environment_name, role_of_name, template_of, with_env, words_of},
    path_position::{CONTAINERS, EnvironmentPositions},
    tree::RepositoryTree,
};
use crate::engine::layout::auto_var_files;

/// Names of folders that hold a var file per environment.
const VAR_FILE_FOLDERS: [&str; 8] =
    ["vars", "tfvars", "var-files", "varfiles", "var_files", "variables", "config", "params"];

/// Names of var files for all environments, without extension.
const SHARED_NAMES: [&str; 8] =
    ["common", "shared", "global", "globals", "default", "defaults", "base", "all"];

/// Words in the names of example files, which users copy and edit.
const EXAMPLE_WORDS: [&str; 3] = ["example", "sample", "template"];

/// Var files of one stack.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct VarFileSet {
    /// Paths relative to the stack, as in environments.toml, in the order in which they are passed.
    pub(super) files: Vec<String>,
    /// Environments that have a var file.
    pub(super) environments: BTreeSet<String>,
}

/// Returns true if a file has the name of a var file.
pub(super) fn is_var_file(name: &str) -> bool {
    var_file_stem(name).is_some()
}

/// Returns the name of a var file without its extension; `None` for another file, and for examples.
fn var_file_stem(name: &str) -> Option<&str> {
    let stem = name.strip_suffix(".tfvars").or_else(|| name.strip_suffix(".tfvars.json"))?;
    (!stem.is_empty() && !words_of(stem).any(|token| EXAMPLE_WORDS.contains(&token))).then_some(stem)
}

/// Finds the var files per environment below a root module's folder.
pub(super) fn find_below(tree: &RepositoryTree, root: &Utf8Path, roots: &[&Utf8Path]) -> VarFileSet {
    let nested = |path: &Utf8Path| {
        roots.iter().any(|other| *other != root && other.starts_with(root) && path.starts_with(other))
    };
    let folders = tree.folders.iter().filter(|(path, _)| path.starts_with(root) && !nested(path));
    var_file_set(
        folders.map(|(path, names)| (path.strip_prefix(root).unwrap_or(path).to_owned(), names.as_slice())),
    )
}

/// Finds the var files per environment outside all root modules: those whose paths contain the name of this root module, or
/// all of them if it is the only root module.
pub(super) fn find_outside_roots(
    tree: &RepositoryTree,
    root: &Utf8Path,
    roots: &[&Utf8Path],
    is_only_root: bool,
) -> VarFileSet {
    let inside = |path: &Utf8Path| roots.iter().any(|other| path.starts_with(other));
    let own = root.file_name().unwrap_or_default();
    let names_root = |path: &Utf8Path, name: &str| {
        is_only_root
            || path.components().any(|part| part.as_str() == own)
            || var_file_stem(name).is_some_and(|stem| words_of(stem).any(|t| t == own))
    };
    let mut folders: BTreeMap<Utf8PathBuf, Vec<String>> = BTreeMap::new();
    for (path, names) in tree.folders.iter().filter(|(path, _)| !inside(path)) {
        let names: Vec<String> = names.iter().filter(|name| names_root(path, name)).cloned().collect();
        folders.insert(path.clone(), names);
    }
    let mut set = var_file_set(folders.iter().map(|(path, names)| (path.clone(), names.as_slice())));
    let up: String = root.components().map(|_| "../").collect();
    for file in &mut set.files {
        let bare = file.trim_start_matches('?').to_owned();
        *file = format!("{}{up}{bare}", if bare.len() < file.len() { "?" } else { "" });
    }
    set
}

/// Finds the var files in the folders of the environments themselves, except those that engines load by their names.
pub(super) fn find_in_environment_folders<'a>(
    folders: impl IntoIterator<Item = (&'a str, &'a [String])>,
) -> VarFileSet {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut environments = BTreeSet::new();
    for (environment, names) in folders {
        environments.insert(environment.to_owned());
        let auto = auto_var_files(names.iter().map(String::as_str));
        for name in names.iter().filter(|name| is_var_file(name) && !auto.contains(name)) {
            found.entry(with_env(name, environment)).or_default().insert(environment.to_owned());
        }
    }
    ordered_set(&found, Vec::new(), environments)
}

/// Finds the environments and the shared files in these folders with their file names.
fn var_file_set<'a>(folders: impl Iterator<Item = (Utf8PathBuf, &'a [String])>) -> VarFileSet {
    let folders: Vec<(Utf8PathBuf, Vec<&str>)> = folders
        .map(|(path, names)| {
            (path, names.iter().map(String::as_str).filter(|name| is_var_file(name)).collect())
        })
        .filter(|(_, names): &(_, Vec<&str>)| !names.is_empty())
        .collect();
    let positions = EnvironmentPositions::collect(folders.iter().map(|(path, _)| path.as_path()));
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut shared = Vec::new();
    for (path, names) in &folders {
        for (name, purpose) in purposes(&positions, path, names) {
            match purpose {
                FilePurpose::Environment { template, environment } => {
                    found.entry(template).or_default().insert(environment);
                }
                FilePurpose::Shared => shared.push(escape_braces(path.join(name).as_str())),
                FilePurpose::Unrelated => {}
            }
        }
    }
    let environments: BTreeSet<String> = found.values().flatten().cloned().collect();
    if environments.is_empty() {
        return VarFileSet::default();
    }
    ordered_set(&found, shared, environments)
}

/// Purpose of a var file.
enum FilePurpose {
    /// Values for one environment; the template is the path with `{env}`.
    Environment { template: String, environment: String },
    /// Values for all environments.
    Shared,
    /// File for no environment.
    Unrelated,
}

/// Returns the purpose of each var file of one folder.
fn purposes<'a>(
    positions: &EnvironmentPositions,
    path: &Utf8Path,
    names: &[&'a str],
) -> Vec<(&'a str, FilePurpose)> {
    if let Some(depth) = positions.environment_depth(path) {
        let parts: Vec<&str> = path.components().map(|part| part.as_str()).collect();
        let environment = parts[depth].to_owned();
        let of = |name: &str| {
            let mut parts: Vec<String> = parts.iter().map(|part| escape_braces(part)).collect();
            "{env}".clone_into(&mut parts[depth]);
            parts.push(with_env(name, &environment));
            FilePurpose::Environment { template: parts.join("/"), environment: environment.clone() }
        };
        return names.iter().map(|name| (*name, of(name))).collect();
    }
    let auto = auto_var_files(names.iter().copied());
    let files: Vec<(&str, &str)> = names
        .iter()
        .filter(|name| !path.as_str().is_empty() || !auto.iter().any(|auto| auto == *name))
        .filter_map(|name| Some((*name, var_file_stem(name)?)))
        .collect();
    let is_shared = |stem: &str| SHARED_NAMES.contains(&stem) || stem == "terraform";
    let own: Vec<&str> = files.iter().map(|(_, stem)| *stem).filter(|stem| !is_shared(stem)).collect();
    let last = path.file_name().unwrap_or_default();
    let templates: BTreeSet<Option<String>> = own.iter().map(|stem| template_of(stem).map(|t| t.0)).collect();
    let is_whole_stem = (CONTAINERS.contains(&last)
        || VAR_FILE_FOLDERS.contains(&last) && own.iter().any(|stem| role_of_name(stem).is_some()))
        && (templates.len() > 1 || templates.contains(&None));
    let has_environments = is_whole_stem && !own.is_empty() || templates.iter().any(Option::is_some);
    let folder = escape_braces(path.as_str());
    let of = |name: &str, stem: &str| {
        if is_shared(stem) {
            return if has_environments { FilePurpose::Shared } else { FilePurpose::Unrelated };
        }
        let found =
            if is_whole_stem { Some(("{env}".to_owned(), stem.to_owned())) } else { template_of(stem) };
        match found.filter(|(_, environment)| is_environment_name(environment)) {
            Some((template, environment)) => {
                let extension = &name[stem.len()..];
                let file = format!("{template}{extension}");
                let template = if folder.is_empty() { file } else { format!("{folder}/{file}") };
                FilePurpose::Environment { template, environment }
            }
            None => FilePurpose::Unrelated,
        }
    };
    files.into_iter().map(|(name, stem)| (name, of(name, stem))).collect()
}

/// Puts shared files first, and marks a file that some environments lack as optional.
fn ordered_set(
    found: &BTreeMap<String, BTreeSet<String>>,
    shared: Vec<String>,
    environments: BTreeSet<String>,
) -> VarFileSet {
    let optional = |having: &BTreeSet<String>| if having.len() < environments.len() { "?" } else { "" };
    let own = found.iter().map(|(template, having)| format!("{}{template}", optional(having)));
    VarFileSet { files: shared.into_iter().chain(own).collect(), environments }
}

#[cfg(test)]
mod tests {
    use super::{super::sample::Sample, *};

    fn set(files: &[&str], root: &str) -> (Vec<String>, Vec<String>) {
        let files: Vec<(&str, &str)> = files.iter().map(|file| (*file, "")).collect();
        let sample = Sample::new(&files);
        let tree = RepositoryTree::read(sample.root()).unwrap();
        let root = Utf8Path::new(root);
        let mut set = find_below(&tree, root, &[root]);
        if set.files.is_empty() {
            set = find_outside_roots(&tree, root, &[root], true);
        }
        (set.files, set.environments.into_iter().collect())
    }

    fn expect(files: &[&str], environments: &[&str]) -> (Vec<String>, Vec<String>) {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        (owned(files), owned(environments))
    }

    #[test]
    fn a_file_per_environment_is_found_wherever_it_lies() {
        for (files, template) in [
            (["tf/environments/dev.tfvars", "tf/environments/prod.tfvars"], "environments/{env}.tfvars"),
            (["tf/dev.tfvars", "tf/prod.tfvars"], "{env}.tfvars"),
            (["tf/terraform.dev.tfvars", "tf/terraform.prod.tfvars"], "terraform.{env}.tfvars"),
            (["tf/vars/app-dev.tfvars.json", "tf/vars/app-prod.tfvars.json"], "vars/app-{env}.tfvars.json"),
            (["tf/env/dev/terraform.tfvars", "tf/env/prod/terraform.tfvars"], "env/{env}/terraform.tfvars"),
            (["config/dev.tfvars", "config/prod.tfvars"], "../config/{env}.tfvars"),
        ] {
            assert_eq!(set(&files, "tf"), expect(&[template], &["dev", "prod"]), "{files:?}");
        }
    }

    #[test]
    fn names_that_nobody_knows_count_in_a_folder_of_environments() {
        assert_eq!(
            set(&["tf/envs/blue.tfvars", "tf/envs/prod-eu.tfvars"], "tf"),
            expect(&["envs/{env}.tfvars"], &["blue", "prod-eu"])
        );
        assert_eq!(set(&["tf/network.tfvars", "tf/terraform.tfvars"], "tf"), expect(&[], &[]));
    }

    #[test]
    fn shared_files_come_first_and_missing_ones_may_be_absent() {
        let files = [
            "tf/envs/common.tfvars",
            "tf/envs/dev.tfvars",
            "tf/envs/prod.tfvars",
            "tf/envs/prod.example.tfvars",
        ];
        assert_eq!(set(&files, "tf"), expect(&["envs/common.tfvars", "envs/{env}.tfvars"], &["dev", "prod"]));
        let files = ["tf/vars/dev.tfvars", "tf/vars/prod.tfvars", "tf/dev.more.tfvars"];
        assert_eq!(set(&files, "tf"), expect(&["vars/{env}.tfvars", "?{env}.more.tfvars"], &["dev", "prod"]));
    }

    #[test]
    fn var_files_in_environment_folders_are_passed_if_no_engine_loads_them() {
        let staging = ["staging.tfvars".to_owned(), "terraform.tfvars".to_owned()];
        let prod = ["prod.tfvars".to_owned(), "x.auto.tfvars".to_owned(), "size.tfvars".to_owned()];
        let set = find_in_environment_folders([("staging", staging.as_slice()), ("prod", prod.as_slice())]);
        assert_eq!(set.files, ["?size.tfvars", "{env}.tfvars"]);
    }
}
