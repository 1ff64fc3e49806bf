//! Var files of a stack, as templates over its environments.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    environment_names::{escape_braces, is_environment_name, role_of_name, template_of, with_env, words_of},
    file_template::{SHARED_NAMES, SettingsFile},
    path_position::{CONTAINERS, EnvironmentPositions},
    tree::RepositoryTree,
};
use crate::{engine::layout::auto_var_files, files::relative_path};

/// Names of folders that hold a var file per environment.
const VAR_FILE_FOLDERS: [&str; 8] =
    ["vars", "tfvars", "var-files", "varfiles", "var_files", "variables", "config", "params"];

/// Words in the names of example files, which users copy and edit.
const EXAMPLE_WORDS: [&str; 3] = ["example", "sample", "template"];

/// Returns true for a file, relative to the repository, that is a var file of the stack.
pub(super) type FileFilter<'a> = &'a dyn Fn(&Utf8Path) -> bool;

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
pub(super) fn find_below(
    tree: &RepositoryTree,
    root: &Utf8Path,
    roots: &[&Utf8Path],
    is_var_file: FileFilter<'_>,
) -> Vec<SettingsFile> {
    let deeper: BTreeSet<&Utf8Path> =
        roots.iter().copied().filter(|other| *other != root && other.starts_with(root)).collect();
    let nested = |path: &Utf8Path| path.ancestors().any(|folder| deeper.contains(folder));
    let from_root = tree.folders.range(root.to_owned()..).take_while(|(path, _)| path.starts_with(root));
    let folders = from_root.filter(|(path, _)| !nested(path));
    let below = |path: &Utf8Path| path.strip_prefix(root).unwrap_or(path).to_owned();
    let names = |path: &Utf8Path, names: &[String]| -> Vec<String> {
        names.iter().filter(|name| is_var_file(&path.join(name))).cloned().collect()
    };
    settings_files(folders.map(|(path, all)| (below(path), names(path, all))))
}

/// Finds the var files per environment outside all root modules: those whose paths contain the name of this root module, or
/// all of them if it is the only root module.
pub(super) fn find_outside_roots(
    tree: &RepositoryTree,
    root: &Utf8Path,
    roots: &[&Utf8Path],
    is_only_root: bool,
    is_var_file: FileFilter<'_>,
) -> Vec<SettingsFile> {
    let roots: BTreeSet<&Utf8Path> = roots.iter().copied().collect();
    let inside = |path: &Utf8Path| path.ancestors().any(|folder| roots.contains(folder));
    let own = root.file_name().unwrap_or_default();
    let names_root = |path: &Utf8Path, name: &str| {
        is_only_root
            || path.components().any(|part| part.as_str() == own)
            || var_file_stem(name).is_some_and(|stem| words_of(stem).any(|t| t == own))
    };
    let mut folders: BTreeMap<Utf8PathBuf, Vec<String>> = BTreeMap::new();
    for (path, names) in tree.folders.iter().filter(|(path, _)| !inside(path)) {
        let names = names.iter().filter(|name| names_root(path, name) && is_var_file(&path.join(name)));
        folders.insert(path.clone(), names.cloned().collect());
    }
    let mut files = settings_files(folders.into_iter());
    for file in &mut files {
        file.template = relative_path(root, Utf8Path::new(&file.template)).into_string();
    }
    files
}

/// Finds the var files in the folders of the environments themselves, except those that engines load by their names.
pub(super) fn find_in_environment_folders<'a>(
    folders: impl IntoIterator<Item = (&'a str, &'a Utf8Path, &'a [String])>,
    is_own: FileFilter<'_>,
) -> Vec<SettingsFile> {
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (environment, folder, names) in folders {
        let auto = auto_var_files(names.iter().map(String::as_str));
        let own = names.iter().filter(|name| is_var_file(name) && is_own(&folder.join(name)));
        for name in own.filter(|name| !auto.contains(name)) {
            found.entry(with_env(name, environment)).or_default().insert(environment.to_owned());
        }
    }
    ordered(found, Vec::new())
}

/// Finds the environments and the shared files in these folders with their file names.
fn settings_files(folders: impl Iterator<Item = (Utf8PathBuf, Vec<String>)>) -> Vec<SettingsFile> {
    let folders: Vec<(Utf8PathBuf, Vec<String>)> = folders
        .map(|(path, names)| (path, names.into_iter().filter(|name| is_var_file(name)).collect()))
        .filter(|(_, names): &(_, Vec<String>)| !names.is_empty())
        .collect();
    let positions = EnvironmentPositions::collect(folders.iter().map(|(path, _)| path.as_path()));
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut shared = Vec::new();
    for (path, names) in &folders {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        for (name, purpose) in purposes(&positions, path, &names) {
            match purpose {
                FilePurpose::Environment { template, environment } => {
                    found.entry(template).or_default().insert(environment);
                }
                FilePurpose::Shared => shared.push(escape_braces(path.join(name).as_str())),
                FilePurpose::Unrelated => {}
            }
        }
    }
    if found.is_empty() { Vec::new() } else { ordered(found, shared) }
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

/// Returns shared files first, then those of environments.
fn ordered(found: BTreeMap<String, BTreeSet<String>>, shared: Vec<String>) -> Vec<SettingsFile> {
    let shared = shared.into_iter().map(|template| (template, BTreeSet::new()));
    let files = shared.chain(found).map(|(template, environments)| SettingsFile {
        template,
        environments,
        script: None,
    });
    files.collect()
}

#[cfg(test)]
mod tests {
    use super::{super::sample::Sample, *};

    /// Returns the templates of a root's var files with their environments.
    fn found(files: &[&str], root: &str) -> Vec<String> {
        let files: Vec<(&str, &str)> = files.iter().map(|file| (*file, "")).collect();
        let sample = Sample::new(&files);
        let tree = RepositoryTree::read(sample.root()).unwrap();
        let root = Utf8Path::new(root);
        let mut files = find_below(&tree, root, &[root], &|_| true);
        if files.is_empty() {
            files = find_outside_roots(&tree, root, &[root], true, &|_| true);
        }
        shown(&files)
    }

    fn shown(files: &[SettingsFile]) -> Vec<String> {
        let environments =
            |file: &SettingsFile| file.environments.iter().cloned().collect::<Vec<_>>().join(",");
        files.iter().map(|file| format!("{} {}", file.template, environments(file))).collect()
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
            assert_eq!(found(&files, "tf"), [format!("{template} dev,prod")], "{files:?}");
        }
    }

    #[test]
    fn names_that_nobody_knows_count_in_a_folder_of_environments() {
        assert_eq!(
            found(&["tf/envs/blue.tfvars", "tf/envs/prod-eu.tfvars"], "tf"),
            ["envs/{env}.tfvars blue,prod-eu"]
        );
        assert!(found(&["tf/network.tfvars", "tf/terraform.tfvars"], "tf").is_empty());
    }

    #[test]
    fn shared_files_come_first() {
        let files = [
            "tf/envs/common.tfvars",
            "tf/envs/dev.tfvars",
            "tf/envs/prod.tfvars",
            "tf/envs/prod.example.tfvars",
        ];
        assert_eq!(found(&files, "tf"), ["envs/common.tfvars ", "envs/{env}.tfvars dev,prod"]);
        let files = ["tf/vars/dev.tfvars", "tf/vars/prod.tfvars", "tf/dev.more.tfvars"];
        assert_eq!(found(&files, "tf"), ["vars/{env}.tfvars dev,prod", "{env}.more.tfvars dev"]);
    }

    #[test]
    fn var_files_in_environment_folders_are_passed_if_no_engine_loads_them() {
        let staging = ["staging.tfvars".to_owned(), "terraform.tfvars".to_owned()];
        let prod = ["prod.tfvars".to_owned(), "x.auto.tfvars".to_owned(), "size.tfvars".to_owned()];
        let (one, other) = (Utf8Path::new("staging"), Utf8Path::new("prod"));
        let folders = [("staging", one, staging.as_slice()), ("prod", other, prod.as_slice())];
        let files = find_in_environment_folders(folders, &|_| true);
        assert_eq!(shown(&files), ["size.tfvars prod", "{env}.tfvars prod,staging"]);
    }
}
