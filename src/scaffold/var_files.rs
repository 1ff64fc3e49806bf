//! Var files of a stack, as templates over its environments.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    environment_names::{is_name, literal, role, template_of, tokens, with_env},
    path_position::{CONTAINERS, EnvironmentPositions},
    tree::RepositoryTree,
};
use crate::engine::layout::auto_var_files;

/// Folders that hold a file per environment.
const HOLDERS: [&str; 8] =
    ["vars", "tfvars", "var-files", "varfiles", "var_files", "variables", "config", "params"];

/// Names of files for all environments.
const SHARED: [&str; 8] = ["common", "shared", "global", "globals", "default", "defaults", "base", "all"];

/// Words in the names of files that are to be copied.
const FOR_SHOW: [&str; 3] = ["example", "sample", "template"];

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
    stem(name).is_some()
}

fn stem(name: &str) -> Option<&str> {
    let stem = name.strip_suffix(".tfvars").or_else(|| name.strip_suffix(".tfvars.json"))?;
    (!stem.is_empty() && !tokens(stem).any(|token| FOR_SHOW.contains(&token))).then_some(stem)
}

/// Finds the var files per environment below a root module's folder.
pub(super) fn below(tree: &RepositoryTree, root: &Utf8Path, roots: &[&Utf8Path]) -> VarFileSet {
    let nested = |path: &Utf8Path| {
        roots.iter().any(|other| *other != root && other.starts_with(root) && path.starts_with(other))
    };
    let folders = tree.folders.iter().filter(|(path, _)| path.starts_with(root) && !nested(path));
    collect(
        folders.map(|(path, names)| (path.strip_prefix(root).unwrap_or(path).to_owned(), names.as_slice())),
    )
}

/// Finds the var files per environment outside all root modules that name this root module (all of them if `only`).
pub(super) fn beside(tree: &RepositoryTree, root: &Utf8Path, roots: &[&Utf8Path], only: bool) -> VarFileSet {
    let inside = |path: &Utf8Path| roots.iter().any(|other| path.starts_with(other));
    let own = root.file_name().unwrap_or_default();
    let names_it = |path: &Utf8Path, name: &str| {
        only || path.components().any(|part| part.as_str() == own)
            || stem(name).is_some_and(|stem| tokens(stem).any(|t| t == own))
    };
    let mut folders: BTreeMap<Utf8PathBuf, Vec<String>> = BTreeMap::new();
    for (path, names) in tree.folders.iter().filter(|(path, _)| !inside(path)) {
        let names: Vec<String> = names.iter().filter(|name| names_it(path, name)).cloned().collect();
        folders.insert(path.clone(), names);
    }
    let mut set = collect(folders.iter().map(|(path, names)| (path.clone(), names.as_slice())));
    let up: String = root.components().map(|_| "../").collect();
    for file in &mut set.files {
        let bare = file.trim_start_matches('?').to_owned();
        *file = format!("{}{up}{bare}", if bare.len() < file.len() { "?" } else { "" });
    }
    set
}

/// Finds the var files in the folders of the environments themselves, except those that engines load by their names.
pub(super) fn inside<'a>(folders: impl IntoIterator<Item = (&'a str, &'a [String])>) -> VarFileSet {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut environments = BTreeSet::new();
    for (environment, names) in folders {
        environments.insert(environment.to_owned());
        let auto = auto_var_files(names.iter().map(String::as_str));
        for name in names.iter().filter(|name| is_var_file(name) && !auto.contains(name)) {
            found.entry(with_env(name, environment)).or_default().insert(environment.to_owned());
        }
    }
    in_order(&found, Vec::new(), environments)
}

fn collect<'a>(folders: impl Iterator<Item = (Utf8PathBuf, &'a [String])>) -> VarFileSet {
    let folders: Vec<(Utf8PathBuf, Vec<&str>)> = folders
        .map(|(path, names)| {
            (path, names.iter().map(String::as_str).filter(|name| is_var_file(name)).collect())
        })
        .filter(|(_, names): &(_, Vec<&str>)| !names.is_empty())
        .collect();
    let places = EnvironmentPositions::of(folders.iter().map(|(path, _)| path.as_path()));
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut shared = Vec::new();
    for (path, names) in &folders {
        for (name, role) in purposes(&places, path, names) {
            match role {
                FilePurpose::Of { template, environment } => {
                    found.entry(template).or_default().insert(environment);
                }
                FilePurpose::Shared => shared.push(literal(path.join(name).as_str())),
                FilePurpose::None => {}
            }
        }
    }
    let environments: BTreeSet<String> = found.values().flatten().cloned().collect();
    if environments.is_empty() {
        return VarFileSet::default();
    }
    in_order(&found, shared, environments)
}

enum FilePurpose {
    Of { template: String, environment: String },
    Shared,
    None,
}

/// Returns the purpose of each var file of one folder.
fn purposes<'a>(
    places: &EnvironmentPositions,
    path: &Utf8Path,
    names: &[&'a str],
) -> Vec<(&'a str, FilePurpose)> {
    if let Some(depth) = places.depth(path) {
        let parts: Vec<&str> = path.components().map(|part| part.as_str()).collect();
        let environment = parts[depth].to_owned();
        let of = |name: &str| {
            let mut parts: Vec<String> = parts.iter().map(|part| literal(part)).collect();
            "{env}".clone_into(&mut parts[depth]);
            parts.push(with_env(name, &environment));
            FilePurpose::Of { template: parts.join("/"), environment: environment.clone() }
        };
        return names.iter().map(|name| (*name, of(name))).collect();
    }
    let auto = auto_var_files(names.iter().copied());
    let files: Vec<(&str, &str)> = names
        .iter()
        .filter(|name| !path.as_str().is_empty() || !auto.iter().any(|auto| auto == *name))
        .filter_map(|name| Some((*name, stem(name)?)))
        .collect();
    let is_shared = |stem: &str| SHARED.contains(&stem) || stem == "terraform";
    let own: Vec<&str> = files.iter().map(|(_, stem)| *stem).filter(|stem| !is_shared(stem)).collect();
    let last = path.file_name().unwrap_or_default();
    let templates: BTreeSet<Option<String>> = own.iter().map(|stem| template_of(stem).map(|t| t.0)).collect();
    let whole = (CONTAINERS.contains(&last)
        || HOLDERS.contains(&last) && own.iter().any(|stem| role(stem).is_some()))
        && (templates.len() > 1 || templates.contains(&None));
    let any = whole && !own.is_empty() || templates.iter().any(Option::is_some);
    let folder = literal(path.as_str());
    let of = |name: &str, stem: &str| {
        if is_shared(stem) {
            return if any { FilePurpose::Shared } else { FilePurpose::None };
        }
        let found = if whole { Some(("{env}".to_owned(), stem.to_owned())) } else { template_of(stem) };
        match found.filter(|(_, environment)| is_name(environment)) {
            Some((template, environment)) => {
                let extension = &name[stem.len()..];
                let file = format!("{template}{extension}");
                let template = if folder.is_empty() { file } else { format!("{folder}/{file}") };
                FilePurpose::Of { template, environment }
            }
            None => FilePurpose::None,
        }
    };
    files.into_iter().map(|(name, stem)| (name, of(name, stem))).collect()
}

/// Orders shared files first; a file that some environments lack is optional.
fn in_order(
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
        let mut set = below(&tree, root, &[root]);
        if set.files.is_empty() {
            set = beside(&tree, root, &[root], true);
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
        let set = inside([("staging", staging.as_slice()), ("prod", prod.as_slice())]);
        assert_eq!(set.files, ["?size.tfvars", "{env}.tfvars"]);
    }
}
