//! Terragrunt units, and the patterns for `[discover]` that find them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    module_sources::CalledFolders,
    outline::outline_of,
    path_position::{EnvironmentPlace, EnvironmentPositions, NamedEnvironments},
    tree::RepositoryTree,
    unit_group::UnitGroup,
};
use crate::{
    engine::layout::{is_unit_file, unit_file_in},
    files,
};

/// Terragrunt units of a repository.
#[derive(Debug, Default)]
pub(super) struct Units {
    /// Groups of units in folders of environments, which one `[discover]` finds.
    pub(super) groups: Vec<UnitGroup>,
    /// Units in folders of environments that need a table of their own.
    pub(super) separate: Vec<SeparateUnit>,
    /// Folders of the units that belong to no environment.
    pub(super) lone: Vec<Utf8PathBuf>,
}

/// Unit in a folder of an environment that needs a table of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SeparateUnit {
    /// Folder, relative to the repository.
    pub(super) folder: Utf8PathBuf,
    /// Name of the environment.
    pub(super) environment: String,
    /// Place of that name in the path; `None` if the folder has another name.
    pub(super) place: Option<EnvironmentPlace>,
}

/// Returns the folders of units, without those of a catalog. A folder above other units counts only if its file sets a
/// module of its own.
pub(super) fn unit_folders(tree: &RepositoryTree, catalog: &CalledFolders) -> Vec<Utf8PathBuf> {
    let all: Vec<&Utf8PathBuf> = tree
        .folders_with_configuration()
        .filter(|(_, names)| names.iter().any(|name| is_unit_file(name)))
        .map(|(dir, _)| dir)
        .collect();
    // Paths are sorted by their parts: the folders below one follow it.
    let is_parent = |index: usize, dir: &Utf8Path| {
        all.get(index + 1).is_some_and(|next| next.starts_with(dir))
            && !has_module_source(&unit_file_in(&tree.root.join(dir)))
            && !tree.folders[dir].iter().any(|name| Utf8Path::new(name).extension() == Some("tf"))
    };
    let is_of_catalog = |dir: &Utf8Path| {
        let file = unit_file_in(&tree.root.join(dir));
        catalog.contains(dir)
            || uses_values(&String::from_utf8_lossy(&files::read(&file).unwrap_or_default()))
    };
    let units = all.iter().enumerate().filter(|(index, dir)| !is_parent(*index, dir) && !is_of_catalog(dir));
    units.map(|(_, dir)| (*dir).clone()).collect()
}

/// Returns true if a configuration refers to `values`, which the block of a `terragrunt.stack.hcl` passes to it.
pub(super) fn uses_values(text: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || "_-.\"".contains(c);
    let lines = text.lines().filter(|line| !line.trim_start().starts_with(['#', '/']));
    lines.into_iter().any(|line| {
        let mut found = line.match_indices("values.");
        found.any(|(at, _)| !line[..at].ends_with(is_word))
    })
}

/// Returns true if the file of a unit sets `source` in its `terraform` block.
fn has_module_source(file: &Utf8Path) -> bool {
    let text = files::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let mut in_block = false;
    text.lines().map(str::trim).any(|line| {
        in_block |= line.starts_with("terraform {");
        in_block && line.trim_start_matches("terraform {").trim_start().starts_with("source")
    })
}

impl Units {
    /// Groups units by the folders of their environments, and makes the patterns.
    pub(super) fn group(tree: &RepositoryTree, folders: Vec<Utf8PathBuf>, named: &NamedEnvironments) -> Self {
        let positions =
            EnvironmentPositions::collect_with_outlines(folders.iter().map(Utf8PathBuf::as_path), &|dir| {
                outline_of(tree, dir)
            })
            .with_named(named);
        let mut units = Self::default();
        let mut by_place: BTreeMap<EnvironmentPlace, Vec<Utf8PathBuf>> = BTreeMap::new();
        for folder in folders {
            match positions.place(&folder) {
                Some(place) => match positions.environment_at(&folder, place) {
                    (_, true) => by_place.entry(place).or_default().push(folder),
                    (environment, false) => {
                        units.separate.push(SeparateUnit { folder, environment, place: None });
                    }
                },
                None => units.lone.push(folder),
            }
        }
        let mut found: Vec<(EnvironmentPlace, Vec<Utf8PathBuf>, UnitGroup)> = Vec::new();
        for (place, folders) in by_place {
            for group in groups_of_place(place, folders) {
                let pattern = UnitGroup::new(tree, place, &group);
                found.push((place, group, pattern));
            }
        }
        // `[discover]` has one template of names for all of its patterns.
        found.sort_by_key(|(_, folders, _)| std::cmp::Reverse(folders.len()));
        let needs_template = found.len() > 1 && found.iter().any(|(.., group)| group.name.is_some());
        let mut taken: HashSet<String> = HashSet::new();
        for (place, folders, group) in found {
            let is_first = units.groups.is_empty();
            let is_unique = group.names.iter().all(|name| !taken.contains(name));
            if is_first || !needs_template && is_unique {
                taken.extend(group.names.iter().cloned());
                units.groups.push(group);
            } else {
                units.separate.extend(folders.into_iter().map(|folder| SeparateUnit {
                    environment: positions.environment_at(&folder, place).0,
                    place: Some(place),
                    folder,
                }));
            }
        }
        units.groups.sort_by(|a, b| a.patterns.cmp(&b.patterns));
        units
    }
}

/// Splits the units with an environment in one place into groups that one set of patterns finds.
fn groups_of_place(place: EnvironmentPlace, folders: Vec<Utf8PathBuf>) -> Vec<Vec<Utf8PathBuf>> {
    if place.part.is_none() {
        return group_by_start(place.depth, folders);
    }
    // The captures of a name's part need a template of names, and one template fits one depth.
    let mut by_length: BTreeMap<usize, Vec<Utf8PathBuf>> = BTreeMap::new();
    for folder in folders {
        by_length.entry(folder.components().count()).or_default().push(folder);
    }
    by_length.into_values().collect()
}

/// Groups units by the path before the environment's folder. If one of these paths has only one environment, or two of
/// them have a unit of one name, all units make one group.
fn group_by_start(depth: usize, folders: Vec<Utf8PathBuf>) -> Vec<Vec<Utf8PathBuf>> {
    let mut by_start: BTreeMap<Utf8PathBuf, Vec<Utf8PathBuf>> = BTreeMap::new();
    for folder in folders {
        by_start.entry(folder.components().take(depth).collect()).or_default().push(folder);
    }
    let several = |group: &Vec<Utf8PathBuf>| {
        group.iter().map(|folder| folder.components().nth(depth)).collect::<BTreeSet<_>>().len() > 1
    };
    let mut names: HashSet<(Utf8PathBuf, usize)> = HashSet::new();
    for (index, group) in by_start.values().enumerate() {
        let below = |folder: &Utf8PathBuf| folder.components().skip(depth + 1).collect::<Utf8PathBuf>();
        names.extend(group.iter().map(|folder| (below(folder), index)));
    }
    let distinct: HashSet<&Utf8Path> = names.iter().map(|(name, _)| name.as_path()).collect();
    let is_unique = distinct.len() == names.len();
    if by_start.len() == 1 || is_unique && by_start.values().all(several) {
        return by_start.into_values().collect();
    }
    vec![by_start.into_values().flatten().collect()]
}

#[cfg(test)]
mod tests {
    use super::{super::sample::Sample, *};

    const UNIT: &str = "terraform {\n  source = \"../m\"\n}\n";

    fn units(files: &[&str]) -> Units {
        let files: Vec<(String, &str)> = files
            .iter()
            .map(|file| match file.strip_suffix('!') {
                Some(parent) => (format!("{parent}/terragrunt.hcl"), "remote_state {}\n"),
                None => (format!("{file}/terragrunt.hcl"), UNIT),
            })
            .collect();
        let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), *text)).collect();
        let sample = Sample::new(&files);
        let tree = RepositoryTree::read(sample.root()).unwrap();
        let mut folders = unit_folders(&tree, &CalledFolders::default());
        let generated = files.iter().map(|(path, _)| Utf8Path::new(path));
        let generated = generated.filter(|path| path.as_str().contains(".terragrunt-stack"));
        folders.extend(generated.filter_map(|path| path.parent().map(Utf8Path::to_owned)));
        Units::group(&tree, folders, &NamedEnvironments::new())
    }

    fn patterns(files: &[&str]) -> Vec<String> {
        units(files).groups.into_iter().flat_map(|tree| tree.patterns).collect()
    }

    #[test]
    fn the_folders_below_an_environment_are_captured() {
        assert_eq!(
            patterns(&["live/dev/us-east-2/net/vpc", "live/prod/eu-west-1/app/api"]),
            ["live/{env}/<region>/<service>/<unit>"]
        );
        assert_eq!(patterns(&["live/dev/net/vpc", "live/prod/net/vpc"]), ["live/{env}/<service>/<unit>"]);
        assert_eq!(patterns(&["dev/vpc", "prod/vpc"]), ["{env}/<unit>"]);
        assert_eq!(patterns(&["dev/vpc", "prod/net/vpc"]), ["{env}/<unit>", "{env}/<service>/<unit>"]);
    }

    #[test]
    fn what_varies_before_the_environment_is_captured_too() {
        let found =
            units(&["prod/us-east-1/prod/db", "non-prod/us-east-1/stage/db", "non-prod/us-east-1/qa/db"]);
        assert_eq!(found.groups[0].patterns, ["<account>/us-east-1/{env}/<unit>"]);
        assert_eq!(found.groups[0].name.as_deref(), Some("{unit}"));
        let found = units(&["a/prod/db", "b/prod/db", "b/stage/db"]);
        assert_eq!(found.groups[0].name.as_deref(), Some("{account}/{unit}"), "two of one name");
    }

    #[test]
    fn a_parent_configuration_is_no_unit() {
        let found =
            units(&["live!", "live/dev!", "live/dev/eu!", "live/dev/vpc", "live/prod/eu/vpc", "live/prod!"]);
        let tree = &found.groups[0];
        assert_eq!(tree.patterns, ["live/{env}/<unit>", "live/{env}/<region>/<unit>"]);
        assert_eq!(tree.units.values().sum::<usize>(), 2 + 1, "without units below it is one");
        let found = units(&["live/dev/eu!", "live/dev/eu/db", "live/dev/vpc", "live/prod/eu/db"]);
        assert_eq!(found.groups[0].not_excludable, ["live/dev/eu"]);
    }

    #[test]
    fn a_folder_of_configuration_beside_units_is_excluded() {
        let sample = Sample::new(&[
            ("live/dev/vpc/terragrunt.hcl", UNIT),
            ("live/prod/vpc/terragrunt.hcl", UNIT),
            ("live/prod/shared/main.tf", ""),
        ]);
        let tree = RepositoryTree::read(sample.root()).unwrap();
        let units =
            Units::group(&tree, unit_folders(&tree, &CalledFolders::default()), &NamedEnvironments::new());
        assert_eq!(units.groups[0].exclude, ["live/prod/shared"]);
    }

    #[test]
    fn units_outside_the_environments_stand_alone() {
        let found = units(&["live/_global/iam", "live/dev/vpc", "live/prod/vpc"]);
        assert_eq!(found.lone, ["live/_global/iam"]);
        assert_eq!(found.groups.len(), 1);
    }

    #[test]
    fn units_that_take_values_or_belong_to_a_catalog_are_left_out() {
        let sample = Sample::new(&[
            ("live/dev/vpc/terragrunt.hcl", UNIT),
            ("units/db/terragrunt.hcl", "inputs = {\n  size = values.size\n}\n"),
            ("units/net/terragrunt.hcl", UNIT),
            ("units/own/terragrunt.hcl", "inputs = {\n  size = local.values.size # values.x\n}\n"),
        ]);
        let mut catalog = CalledFolders::default();
        catalog.add("live/dev".into(), "../../units/net");
        let tree = RepositoryTree::read(sample.root()).unwrap();
        assert_eq!(unit_folders(&tree, &catalog), ["live/dev/vpc"]);
    }

    #[test]
    fn a_part_of_a_name_is_captured_and_needs_a_template() {
        let found = units(&["acc/api-dev/db", "acc/api-prod/db", "acc/web-prod/db", "acc/root/iam"]);
        assert_eq!(found.groups[0].patterns, ["acc/<app>-{env}/<unit>"]);
        assert_eq!(found.groups[0].name.as_deref(), Some("{app}/{unit}"));
        assert_eq!(found.groups[0].names.iter().collect::<Vec<_>>(), ["api/db", "web/db"]);
        assert_eq!(found.lone, ["acc/root/iam"]);
        let found = units(&["acc/api-dev/a/db", "acc/api-prod/db", "acc/api-dev/db", "acc/web-prod/db"]);
        assert_eq!(found.groups[0].patterns, ["acc/<app>-{env}/<unit>"]);
        assert_eq!(found.separate[0].folder, "acc/api-dev/a/db", "another depth has a table of its own");
    }

    #[test]
    fn equal_units_of_two_folders_get_different_names() {
        let found = units(&["a/dev/net", "a/prod/net", "b/dev/net", "b/prod/net"]);
        assert_eq!(found.groups[0].patterns, ["<account>/{env}/<unit>"]);
        assert_eq!(found.groups[0].name.as_deref(), Some("{account}/{unit}"));
        let found = units(&["a/dev/net", "a/prod/net", "b/dev/db", "b/prod/db"]);
        assert_eq!(found.groups.len(), 2);
    }

    #[test]
    fn generated_units_are_found_in_their_folder() {
        let found = units(&["live/dev/.terragrunt-stack/net", "live/prod/.terragrunt-stack/net"]);
        assert_eq!(found.groups[0].patterns, ["live/{env}/.terragrunt-stack/<unit>"]);
        assert_eq!(found.groups[0].name, None);
        let found = units(&["dev/eu/.terragrunt-stack/net", "prod/eu/.terragrunt-stack/net"]);
        assert_eq!(found.groups[0].patterns, ["{env}/<region>/.terragrunt-stack/<unit>"]);
        assert_eq!(found.groups[0].name.as_deref(), Some("{region}/{unit}"));
    }
}
