//! Patterns for `[discover]` that find a group of Terragrunt units.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    environment_names::{escape_braces, is_environment_name, is_region_word, words_of},
    name_parts::NamePart,
    path_position::EnvironmentPlace,
    tree::RepositoryTree,
};
use crate::config::PathPattern;

/// Folder of the units that `terragrunt stack generate` makes.
pub(super) const GENERATED_FOLDER: &str = ".terragrunt-stack";

/// Last part of the path of generated units whose folders no file tells.
pub(super) const ANY_DEPTH: &str = "**";

/// Terragrunt units that one set of patterns for `[discover]` finds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnitGroup {
    /// Patterns, one for each depth that units have: `infra/live/{env}/<region>/<unit>`.
    pub(super) patterns: Vec<String>,
    /// Template of a unit's name; `None` when the path below the pattern's fixed part is the name.
    pub(super) name: Option<String>,
    /// Names that the units get.
    pub(super) names: BTreeSet<String>,
    /// Number of units by environment.
    pub(super) units: BTreeMap<String, usize>,
    /// Folders that match the patterns and are no units.
    pub(super) exclude: Vec<Utf8PathBuf>,
    /// Folders that match the patterns, are no units, and hold units, so that they cannot be excluded.
    pub(super) not_excludable: Vec<Utf8PathBuf>,
}

impl UnitGroup {
    /// Makes the patterns that find a group of units, whose environment is at this place in their paths.
    pub(super) fn new(tree: &RepositoryTree, place: EnvironmentPlace, folders: &[Utf8PathBuf]) -> Self {
        let depth = place.depth;
        let paths: Vec<Vec<&str>> = folders.iter().map(|folder| components(folder)).collect();
        let mut before = Vec::new();
        let mut start: Vec<String> =
            (0..depth).map(|column| start_of_pattern(column, &paths, &mut before)).collect();
        let mut captured: Vec<usize> = (0..depth).filter(|column| start[*column].starts_with('<')).collect();
        let environment = place.part.map(|part| environment_pattern(part, depth, &paths));
        if environment.as_ref().is_some_and(|pattern| pattern.contains("<app>")) {
            before.push("app".to_owned());
            captured.push(depth);
        }
        start.push(environment.unwrap_or_else(|| "{env}".to_owned()));
        let lengths: BTreeSet<usize> = paths.iter().map(|path| path.len() - depth - 1).collect();
        let mut patterns = Vec::new();
        let mut name = None;
        for length in &lengths {
            let same: Vec<&Vec<&str>> =
                paths.iter().filter(|path| path.len() - depth - 1 == *length).collect();
            let after = capture_names(*length, &same, depth + 1, &before);
            let mut columns: Vec<(usize, String)> = Vec::new();
            let mut parts = start.clone();
            for (index, capture) in after.into_iter().enumerate() {
                let column = depth + 1 + index;
                let first = same[0][column];
                if [GENERATED_FOLDER, ANY_DEPTH].contains(&first)
                    && same.iter().all(|path| path[column] == first)
                {
                    parts.push(first.to_owned());
                } else {
                    parts.push(format!("<{capture}>"));
                    columns.push((column, capture));
                }
            }
            let before: Vec<(usize, String)> = captured.iter().copied().zip(before.iter().cloned()).collect();
            let has_app = place.part.is_some() && before.iter().any(|(column, _)| *column == depth);
            let hides_folder =
                parts.iter().skip_while(|part| !part.starts_with('<')).any(|part| part == GENERATED_FOLDER);
            name = if parts.last().is_some_and(|part| part == ANY_DEPTH) {
                None
            } else {
                captures_of_name(&before, columns, &same, depth, has_app || hides_folder)
            };
            patterns.push(parts.join("/"));
        }
        let mut units = BTreeMap::new();
        for path in &paths {
            *units.entry(place.name_in(path[depth]).to_owned()).or_default() += 1;
        }
        // With several depths the captures differ, and no one template fits all.
        let name = name.filter(|_| lengths.len() == 1);
        let value = |path: &Vec<&str>| match &name {
            Some(columns) => columns
                .iter()
                .map(|(column, _)| match place.part.filter(|_| *column == depth) {
                    Some(part) => part.split(path[*column]).map_or(path[*column], |(_, rest)| rest),
                    None => path[*column],
                })
                .collect::<Vec<_>>()
                .join("/"),
            None => path[captured.first().copied().unwrap_or(depth + 1)..].join("/"),
        };
        let names = paths.iter().map(value).collect();
        let no_units = matching_non_units(tree, place, &patterns, folders, &units);
        let above: HashSet<&Utf8Path> = folders.iter().flat_map(|folder| folder.ancestors()).collect();
        let (not_excludable, exclude) =
            no_units.into_iter().partition(|folder| above.contains(folder.as_path()));
        let template = |columns: Vec<(usize, String)>| {
            columns.iter().map(|(_, capture)| format!("{{{capture}}}")).collect::<Vec<_>>().join("/")
        };
        Self { name: name.map(template), names, patterns, units, exclude, not_excludable }
    }
}

/// Returns the pattern of a folder before the environment's, and adds its capture, if there is one.
fn start_of_pattern(column: usize, paths: &[Vec<&str>], captures: &mut Vec<String>) -> String {
    let values: BTreeSet<&str> = paths.iter().map(|path| path[column]).collect();
    if values.len() == 1 {
        return escape_braces(paths[0][column]);
    }
    let name = if values.iter().all(|value| is_region(value)) { "region" } else { "account" };
    let is_taken = captures.iter().any(|other| other == name);
    let name = if is_taken { format!("level{column}") } else { name.to_owned() };
    captures.push(name.clone());
    format!("<{name}>")
}

/// Returns the pattern of a folder whose name contains that of the environment.
fn environment_pattern(part: NamePart, depth: usize, paths: &[Vec<&str>]) -> String {
    let rests: BTreeSet<&str> =
        paths.iter().filter_map(|path| part.split(path[depth]).map(|(_, rest)| rest)).collect();
    match rests.first() {
        Some(rest) if rests.len() == 1 => part.join("{env}", &escape_braces(rest)),
        _ => part.join("{env}", "<app>"),
    }
}

/// Returns the captures that make up a unit's name, with their columns; `None` when the path below the pattern's fixed part
/// is the name. Captures before the environment are used only if names would be equal without them, or if the name is one
/// of theirs.
fn captures_of_name(
    before: &[(usize, String)],
    after: Vec<(usize, String)>,
    paths: &[&Vec<&str>],
    depth: usize,
    is_needed: bool,
) -> Option<Vec<(usize, String)>> {
    if after.is_empty() && before.is_empty() || !is_needed && (before.is_empty() || after.is_empty()) {
        return None;
    }
    let unique = paths.iter().map(|path| &path[depth..]).collect::<BTreeSet<_>>().len() == paths.len();
    let is_used = |column: usize| !unique || column >= depth;
    let before = before.iter().filter(|(column, _)| is_used(*column)).cloned();
    Some(before.chain(after).collect())
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
    place: EnvironmentPlace,
    patterns: &[String],
    folders: &[Utf8PathBuf],
    units: &BTreeMap<String, usize>,
) -> BTreeSet<Utf8PathBuf> {
    let own: HashSet<&Utf8Path> = folders.iter().map(Utf8PathBuf::as_path).collect();
    let mut by_environment: BTreeMap<&str, Vec<PathPattern>> = BTreeMap::new();
    for environment in units.keys() {
        // A folder name that makes no valid pattern is reported when the written text is read back.
        let parsed =
            patterns.iter().filter_map(|text| PathPattern::parse(&text.replace("{env}", environment)).ok());
        by_environment.insert(environment, parsed.collect());
    }
    let is_match = |folder: &&Utf8PathBuf| {
        let name = folder.components().nth(place.depth).map(|part| place.name_in(part.as_str()));
        let patterns = name.and_then(|name| by_environment.get(name));
        patterns.into_iter().flatten().any(|pattern| {
            folder.strip_prefix(pattern.fixed()).is_ok_and(|below| pattern.captures(below).is_some())
        })
    };
    let used = tree.folders_with_configuration().map(|(folder, _)| folder);
    let others = used.chain(tree.unused_folders_with_configuration());
    others.filter(|folder| !own.contains(folder.as_path())).filter(is_match).cloned().collect()
}

/// Returns the components of a path.
fn components(folder: &Utf8Path) -> Vec<&str> {
    folder.components().map(|part| part.as_str()).collect()
}

/// Returns true if a folder is named after a region: `us-east-2`, `europe-west1`, `westeurope`, `global`.
fn is_region(name: &str) -> bool {
    let first = words_of(name).next().unwrap_or_default();
    is_environment_name(name) && (is_region_word(first) || name.ends_with("europe") || name.contains("us2"))
}
