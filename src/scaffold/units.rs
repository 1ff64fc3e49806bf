//! Terragrunt units, and the patterns for `[discover]` that find them.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    environment_names::{escape_braces, is_environment_name, words_of},
    path_position::EnvironmentPositions,
    tree::RepositoryTree,
};
use crate::{
    engine::layout::{is_unit_file, unit_file_in},
    files,
    inventory::discovery::PathPattern,
};

/// First words of the names of cloud regions.
const REGIONS: [&str; 12] =
    ["us", "eu", "ap", "sa", "ca", "me", "af", "il", "global", "europe", "asia", "northamerica"];

/// Terragrunt units that one set of patterns for `[discover]` finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnitGroup {
    /// Patterns, one for each depth that units have: `infra/live/{env}/<region>/<unit>`.
    pub(super) patterns: Vec<String>,
    /// Template of a unit's name; `None` when the path below the pattern's fixed part is the name.
    pub(super) name: Option<String>,
    /// Number of units by environment.
    pub(super) units: BTreeMap<String, usize>,
    /// Folders that match the patterns and are no units.
    pub(super) exclude: Vec<Utf8PathBuf>,
    /// Folders that match the patterns, are no units, and hold units, so that they cannot be excluded.
    pub(super) not_excludable: Vec<Utf8PathBuf>,
}

/// Terragrunt units of a repository.
#[derive(Debug, Default)]
pub(super) struct Units {
    /// Groups of units in folders of environments.
    pub(super) groups: Vec<UnitGroup>,
    /// Folders of the units that belong to no environment.
    pub(super) lone_units: Vec<Utf8PathBuf>,
}

/// Returns the folders of units. A folder above other units counts only if its file sets a module of its own.
pub(super) fn unit_folders(tree: &RepositoryTree) -> Vec<Utf8PathBuf> {
    let all: Vec<&Utf8PathBuf> = tree
        .folders_with_configuration()
        .filter(|(_, names)| names.iter().any(|name| is_unit_file(name)))
        .map(|(dir, _)| dir)
        .collect();
    let is_parent = |dir: &Utf8Path| {
        all.iter().any(|other| *other != dir && other.starts_with(dir))
            && !has_module_source(&unit_file_in(&tree.root.join(dir)))
            && !tree.folders[dir].iter().any(|name| Utf8Path::new(name).extension() == Some("tf"))
    };
    all.iter().filter(|dir| !is_parent(dir)).map(|dir| (*dir).clone()).collect()
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
    pub(super) fn group(tree: &RepositoryTree, folders: Vec<Utf8PathBuf>) -> Self {
        let positions = EnvironmentPositions::collect(folders.iter().map(Utf8PathBuf::as_path));
        let mut units = Self::default();
        let mut by_depth: BTreeMap<usize, Vec<Utf8PathBuf>> = BTreeMap::new();
        for folder in folders {
            match positions.environment_depth(&folder) {
                Some(depth) => by_depth.entry(depth).or_default().push(folder),
                None => units.lone_units.push(folder),
            }
        }
        for (depth, folders) in by_depth {
            for group in group_by_start(depth, folders) {
                units.groups.push(unit_group(tree, depth, &group));
            }
        }
        units
    }
}

/// Groups units by the path before the environment's folder. If one of these paths has only one environment, all units make
/// one group.
fn group_by_start(depth: usize, folders: Vec<Utf8PathBuf>) -> Vec<Vec<Utf8PathBuf>> {
    let mut by_start: BTreeMap<Vec<String>, Vec<Utf8PathBuf>> = BTreeMap::new();
    for folder in folders {
        let start = components(&folder)[..depth].iter().map(|part| (*part).to_owned()).collect();
        by_start.entry(start).or_default().push(folder);
    }
    let several = |group: &Vec<Utf8PathBuf>| {
        group.iter().map(|folder| components(folder)[depth]).collect::<BTreeSet<_>>().len() > 1
    };
    if by_start.len() == 1 || by_start.values().all(several) {
        return by_start.into_values().collect();
    }
    vec![by_start.into_values().flatten().collect()]
}

/// Makes the patterns that find a group of units, whose environment is at `depth` in their paths.
fn unit_group(tree: &RepositoryTree, depth: usize, folders: &[Utf8PathBuf]) -> UnitGroup {
    let paths: Vec<Vec<&str>> = folders.iter().map(|folder| components(folder)).collect();
    let mut before = Vec::new();
    let mut start: Vec<String> = (0..depth)
        .map(|column| {
            let values: BTreeSet<&str> = paths.iter().map(|path| path[column]).collect();
            if values.len() == 1 {
                return escape_braces(paths[0][column]);
            }
            let name = if values.iter().all(|value| is_region(value)) { "region" } else { "account" };
            let name = if before.iter().any(|other| other == name) {
                format!("level{column}")
            } else {
                name.to_owned()
            };
            before.push(name.clone());
            format!("<{name}>")
        })
        .collect();
    start.push("{env}".to_owned());
    let mut patterns = Vec::new();
    let mut name = None;
    for length in paths.iter().map(|path| path.len() - depth - 1).collect::<BTreeSet<_>>() {
        let same: Vec<&Vec<&str>> = paths.iter().filter(|path| path.len() - depth - 1 == length).collect();
        let after = capture_names(length, &same, depth + 1, &before);
        name = name_template(&before, &after, &same, depth);
        let pattern = start.iter().cloned().chain(after.iter().map(|name| format!("<{name}>")));
        patterns.push(pattern.collect::<Vec<_>>().join("/"));
    }
    let mut units = BTreeMap::new();
    for path in &paths {
        *units.entry(path[depth].to_owned()).or_default() += 1;
    }
    let no_units = matching_non_units(tree, &patterns, folders, &units);
    let (not_excludable, exclude) =
        no_units.into_iter().partition(|folder| folders.iter().any(|unit| unit.starts_with(folder)));
    // With several depths the captures differ, and no one template fits all.
    UnitGroup { name: name.filter(|_| patterns.len() == 1), patterns, units, exclude, not_excludable }
}

/// Returns a template of the unit's name from the captures; those before the environment are used only if names would
/// be equal without them. `None` when the path is the name.
fn name_template(before: &[String], after: &[String], paths: &[&Vec<&str>], depth: usize) -> Option<String> {
    if before.is_empty() || after.is_empty() {
        return None;
    }
    let unique = paths.iter().map(|path| &path[depth..]).collect::<BTreeSet<_>>().len() == paths.len();
    let before = if unique { &[] } else { before };
    let parts: Vec<String> = before.iter().chain(after).map(|capture| format!("{{{capture}}}")).collect();
    Some(parts.join("/"))
}

/// Returns the names of the captures between the environment and the unit.
fn capture_names(length: usize, paths: &[&Vec<&str>], first: usize, names_before: &[String]) -> Vec<String> {
    let has_region = length > 1
        && !names_before.iter().any(|name| name == "region")
        && paths.iter().all(|path| is_region(path[first]));
    (0..length)
        .map(|column| match (column, length - column) {
            (_, 1) => "unit".to_owned(),
            (0, _) if has_region => "region".to_owned(),
            (_, 2) => "service".to_owned(),
            (_, 3) => "group".to_owned(),
            (column, _) => format!("level{column}"),
        })
        .collect()
}

/// Returns the folders that match the patterns and are no units.
fn matching_non_units(
    tree: &RepositoryTree,
    patterns: &[String],
    folders: &[Utf8PathBuf],
    units: &BTreeMap<String, usize>,
) -> BTreeSet<Utf8PathBuf> {
    let others = || {
        tree.folders_with_configuration().map(|(folder, _)| folder).filter(|folder| !folders.contains(folder))
    };
    let mut found = BTreeSet::new();
    for (environment, pattern) in
        units.keys().flat_map(|name| patterns.iter().map(move |pattern| (name, pattern)))
    {
        // A folder name that makes no valid pattern is reported when the written text is read back.
        let Ok(pattern) = PathPattern::parse(&pattern.replace("{env}", environment)) else { continue };
        let matches = |folder: &&Utf8PathBuf| {
            folder.strip_prefix(pattern.fixed()).is_ok_and(|below| pattern.captures(below).is_some())
        };
        found.extend(others().filter(matches).cloned());
    }
    found
}

/// Returns the components of a path.
fn components(folder: &Utf8Path) -> Vec<&str> {
    folder.components().map(|part| part.as_str()).collect()
}

/// Returns true if a folder is named after a region: `us-east-2`, `europe-west1`, `westeurope`, `global`.
fn is_region(name: &str) -> bool {
    let first = words_of(name).next().unwrap_or_default();
    let first = first.trim_end_matches(|c: char| c.is_ascii_digit());
    is_environment_name(name)
        && (REGIONS.contains(&first) || name.ends_with("europe") || name.contains("us2"))
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
        let folders = unit_folders(&tree);
        Units::group(&tree, folders)
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
        let units = Units::group(&tree, unit_folders(&tree));
        assert_eq!(units.groups[0].exclude, ["live/prod/shared"]);
    }

    #[test]
    fn units_outside_the_environments_stand_alone() {
        let found = units(&["live/_global/iam", "live/dev/vpc", "live/prod/vpc"]);
        assert_eq!(found.lone_units, ["live/_global/iam"]);
        assert_eq!(found.groups.len(), 1);
    }
}
