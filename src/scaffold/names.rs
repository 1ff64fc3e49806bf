//! Names of stacks, from their folders.

use std::collections::{BTreeMap, HashSet};

use camino::Utf8Path;

use super::{path_position::CONTAINERS, stack::DraftStack};
use crate::model::StackId;

/// Names of folders that do not describe the contents.
const GENERAL_NAMES: [&str; 15] = [
    ".",
    "infra",
    "infrastructure",
    "terraform",
    "tf",
    "opentofu",
    "tofu",
    "iac",
    "stacks",
    "live",
    "src",
    "root",
    "roots",
    "deploy",
    "modules",
];

/// Names each stack after the last descriptive folder of its path, with as many folders before it as make the name
/// unique. `taken` are names of other stacks.
pub(super) fn assign_names(stacks: &mut [DraftStack], project: &str, taken: &HashSet<&str>) {
    let tails: Vec<Vec<String>> =
        stacks.iter().map(|stack| descriptive_folders(&stack.path, project)).collect();
    let mut lengths = vec![1; stacks.len()];
    loop {
        let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, tail) in tails.iter().enumerate() {
            by_name.entry(name_of_tail(tail, lengths[index])).or_default().push(index);
        }
        let mut longer = false;
        let is_taken = |name: &str| taken.contains(name);
        for index in
            by_name.iter().filter(|(name, same)| same.len() > 1 || is_taken(name)).flat_map(|(_, same)| same)
        {
            if lengths[*index] < tails[*index].len() {
                lengths[*index] += 1;
                longer = true;
            }
        }
        if !longer {
            let mut used: HashSet<String> = taken.iter().map(|name| (*name).to_owned()).collect();
            used.extend(by_name.iter().filter(|(name, _)| !is_taken(name)).map(|(name, _)| name.clone()));
            for (name, same) in by_name {
                let skipped = usize::from(!is_taken(&name));
                if let Some(first) = same.first().filter(|_| skipped == 1) {
                    stacks[*first].name.clone_from(&name);
                }
                let mut number = 2;
                for index in same.into_iter().skip(skipped) {
                    while !used.insert(format!("{name}-{number}")) {
                        number += 1;
                    }
                    stacks[index].name = format!("{name}-{number}");
                }
            }
            return;
        }
    }
}

/// Returns the last `length` folders as a name.
fn name_of_tail(tail: &[String], length: usize) -> String {
    tail[tail.len().saturating_sub(length)..].join("/")
}

/// Returns the descriptive folders of a path; the project's name if there are none.
fn descriptive_folders(path: &str, project: &str) -> Vec<String> {
    let parts = Utf8Path::new(path).components().map(|part| part.as_str());
    let words: Vec<String> = parts
        .filter(|part| !GENERAL_NAMES.contains(part) && !CONTAINERS.contains(part))
        .map(|part| part.replace("{env}", ""))
        .map(|part| {
            part.trim_matches(['-', '_', '.', ' ']).replace(['*', '?', '[', ']', '{', '}', '\\'], "-")
        })
        .filter(|part| part.parse::<StackId>().is_ok())
        .collect();
    if words.is_empty() { vec![project.to_owned()] } else { words }
}

#[cfg(test)]
mod tests {
    use super::{super::stacks::stack_of_lone_unit, *};

    fn names(paths: &[&str]) -> Vec<String> {
        let mut stacks: Vec<DraftStack> = paths
            .iter()
            .map(|path| DraftStack { path: (*path).to_owned(), ..stack_of_lone_unit(&"x".into()) })
            .collect();
        assign_names(&mut stacks, "shop", &HashSet::from(["taken", "a/taken"]));
        stacks.into_iter().map(|stack| stack.name).collect()
    }

    #[test]
    fn a_stack_is_named_after_its_last_telling_folder() {
        assert_eq!(
            names(&["environments/{env}/network", "services/api/{env}", "infra/dns-{env}"]),
            ["network", "api", "dns"]
        );
        assert_eq!(names(&["infra/terraform"]), ["shop"]);
        assert_eq!(names(&["environments/{env}", "."]), ["shop", "shop-2"]);
        assert_eq!(names(&["environments/{env}", ".", "shop-2"]), ["shop", "shop-3", "shop-2"]);
    }

    #[test]
    fn equal_names_are_told_apart_by_the_folders_before() {
        assert_eq!(
            names(&["apps/api", "infra/core/api", "environments/{env}/db"]),
            ["apps/api", "core/api", "db"]
        );
        assert_eq!(names(&["x/a/taken", "b/taken"]), ["x/a/taken", "b/taken"], "units have these names");
        assert_eq!(names(&["a/taken"]), ["a/taken-2"]);
    }
}
