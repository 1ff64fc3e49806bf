//! Position in the path of a stack of the folder that names the environment.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    environment_names::{
        is_environment_name, is_environment_of_region, is_environment_word, is_unambiguous, role_of_name,
    },
    name_parts::{NamePart, environment_parts},
    sibling_shapes::{OutlineReader, SiblingShapes, no_outlines},
};

/// Names of folders whose subfolders are environments.
pub(super) const CONTAINERS: [&str; 6] =
    ["environments", "environment", "envs", "env", "stages", "deployments"];

/// Number of the names in [`CONTAINERS`] whose subfolders are environments whatever they are called.
const CERTAIN_CONTAINERS: usize = 4;

/// Names of folders that hold what environments share, and that are no environment themselves.
const SHARED_FOLDERS: [&str; 10] =
    ["shared", "common", "global", "_global", "modules", "module", "bootstrap", "backend", "base", "all"];

/// Environments by the folders that the user named for them, relative to the repository.
pub(super) type NamedEnvironments = BTreeMap<Utf8PathBuf, String>;

/// Place of the environment's name in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EnvironmentPlace {
    /// Depth of the folder.
    pub(super) depth: usize,
    /// Part of the folder's name; `None` for the whole name.
    pub(super) part: Option<NamePart>,
}

impl EnvironmentPlace {
    /// Returns the environment's name in the name of its folder.
    pub(super) fn name_in<'a>(&self, folder: &'a str) -> &'a str {
        self.part.map_or(folder, |part| part.word_in(folder))
    }
}

/// Statistics over many paths, from which envctl infers the component of each path that names the environment.
#[derive(Default)]
pub(super) struct EnvironmentPositions {
    /// Environments of each folder that has some, by the names of their folders.
    by_parent: HashMap<String, BTreeMap<String, Option<NamePart>>>,
    /// Words that name environments, by their depth in a path.
    words_by_depth: HashMap<usize, BTreeSet<String>>,
    /// Folders with at least one subfolder that has the name of an environment.
    folders_of_environments: BTreeSet<String>,
    /// Environments whose folders the user named.
    named: NamedEnvironments,
}

impl EnvironmentPositions {
    /// Collects the statistics of these paths, from their names alone.
    pub(super) fn collect<'a>(paths: impl IntoIterator<Item = &'a Utf8Path>) -> Self {
        Self::collect_with_outlines(paths, &no_outlines)
    }

    /// Collects the statistics of these paths; folders without a known name are compared with their siblings.
    pub(super) fn collect_with_outlines<'a>(
        paths: impl IntoIterator<Item = &'a Utf8Path>,
        outline_of: &OutlineReader<'_>,
    ) -> Self {
        let mut positions = Self::default();
        for (parent, shapes) in SiblingShapes::collect(paths) {
            let known = |name: &str| is_environment_word(name) || role_of_name(name).is_some();
            if shapes.names().any(known) {
                positions.folders_of_environments.insert(parent.clone());
            }
            let environments = environments_of(&shapes, outline_of);
            let depth = if parent.is_empty() { 0 } else { parent.split('/').count() };
            for (name, part) in &environments {
                let word = part.map_or(name.as_str(), |part| part.word_in(name));
                if is_environment_word(word) {
                    positions.words_by_depth.entry(depth).or_default().insert(word.to_owned());
                }
            }
            positions.by_parent.insert(parent, environments);
        }
        positions
    }

    /// Adds the environments whose folders the user named: they win over any name.
    pub(super) fn with_named(mut self, named: &NamedEnvironments) -> Self {
        self.named.clone_from(named);
        self
    }

    /// Returns the environment of a path, and true if it is the one that the folder's name says.
    pub(super) fn environment_at(&self, path: &Utf8Path, place: EnvironmentPlace) -> (String, bool) {
        let folder = path.components().nth(place.depth).map_or("", |part| part.as_str());
        let word = place.name_in(folder);
        match self.named_folder(path) {
            Some((_, name)) => (name.clone(), name == word),
            None => (word.to_owned(), true),
        }
    }

    /// Returns the folder above this path that the user named, with its environment.
    fn named_folder(&self, path: &Utf8Path) -> Option<(&Utf8PathBuf, &String)> {
        path.ancestors().find_map(|folder| self.named.get_key_value(folder))
    }

    /// Returns the depth in this path of the folder whose whole name is that of its environment.
    pub(super) fn environment_depth(&self, path: &Utf8Path) -> Option<usize> {
        self.place(path).filter(|place| place.part.is_none()).map(|place| place.depth)
    }

    /// Returns the place in this path of the name of its environment.
    ///
    /// A child of `environments/` with siblings that are environments wins over a word; a depth with more
    /// environments wins over one with fewer.
    pub(super) fn place(&self, path: &Utf8Path) -> Option<EnvironmentPlace> {
        if let Some((folder, _)) = self.named_folder(path) {
            return Some(EnvironmentPlace { depth: folder.components().count() - 1, part: None });
        }
        let mut above = String::new();
        let mut container = None;
        let mut best: Option<(usize, EnvironmentPlace)> = None;
        for (depth, name) in path.components().map(|part| part.as_str()).enumerate() {
            let part = self.by_parent.get(&above).and_then(|children| children.get(name)).copied();
            let is_certain = container.is_some_and(|index| index < CERTAIN_CONTAINERS);
            let score = if !is_environment_name(name) && part.flatten().is_none() {
                0
            } else if is_certain && self.folders_of_environments.contains(&above)
                || container.is_some() && part.is_some()
            {
                1000
            } else if part.is_some() {
                let words = self.words_by_depth.get(&depth).into_iter().flatten();
                words.map(|word| if is_unambiguous(word) { 20 } else { 10 }).sum::<usize>().max(10)
            } else {
                usize::from(is_certain)
            };
            let part = part.flatten().filter(|_| !is_certain);
            if score > 0 && best.is_none_or(|(other, _)| score >= other) {
                best = Some((score, EnvironmentPlace { depth, part }));
            }
            container = CONTAINERS.iter().position(|container| *container == name);
            above = if above.is_empty() { name.to_owned() } else { format!("{above}/{name}") };
        }
        best.map(|(_, place)| place)
    }
}

/// Returns the folders among siblings that are environments: those with a known name, and those of the same shape.
///
/// A name that stands for other things too, as `test`, counts only beside another known name.
fn environments_of(
    siblings: &SiblingShapes,
    outline_of: &OutlineReader<'_>,
) -> BTreeMap<String, Option<NamePart>> {
    let with = |accept: &dyn Fn(&str) -> bool| -> Vec<&str> {
        siblings.names().filter(|name| accept(name)).collect()
    };
    let parts = environment_parts(siblings, outline_of);
    let words = with(&is_environment_word);
    let mut models = words.clone();
    let are_several_alike = |names: &[&str]| names.len() > 1 && siblings.are_alike(names, outline_of);
    if !words.iter().any(|word| is_unambiguous(word)) && !are_several_alike(&words) {
        models = with(&is_environment_of_region);
        if !are_several_alike(&models) {
            models.clear();
        }
    }
    let mut found: BTreeMap<String, Option<NamePart>> =
        models.iter().map(|name| ((*name).to_owned(), None)).collect();
    if !models.is_empty() {
        let is_candidate = |name: &&str| {
            !found.contains_key(*name)
                && !parts.contains_key(*name)
                && is_environment_name(name)
                && !SHARED_FOLDERS.contains(name)
        };
        let candidates: Vec<&str> = siblings.names().filter(is_candidate).collect();
        let alike = siblings.alike_to(&models, &candidates, outline_of);
        found.extend(alike.into_iter().map(|name| (name.to_owned(), None)));
    }
    for (name, part) in parts {
        found.entry(name).or_insert(Some(part));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environments(paths: &[&str]) -> Vec<Option<String>> {
        let positions = EnvironmentPositions::collect(paths.iter().copied().map(Utf8Path::new));
        let name = |path: &str| {
            Some(path.split('/').nth(positions.environment_depth(Utf8Path::new(path))?)?.to_owned())
        };
        paths.iter().copied().map(name).collect()
    }

    fn some(names: &[&str]) -> Vec<Option<String>> {
        names.iter().map(|name| Some((*name).to_owned())).collect()
    }

    #[test]
    fn an_environment_stands_first_last_or_in_the_middle() {
        let paths =
            ["environments/staging/api", "environments/prod/api", "services/web/staging", "infra/live/dev/x"];
        assert_eq!(environments(&paths), some(&["staging", "prod", "staging", "dev"]));
    }

    #[test]
    fn the_depth_with_more_environments_is_meant() {
        let paths = ["prod/us-east-1/prod/db", "non-prod/us-east-1/stage/db", "non-prod/us-east-1/qa/db"];
        assert_eq!(environments(&paths), some(&["prod", "stage", "qa"]));
    }

    #[test]
    fn children_of_environments_need_no_known_name() {
        assert_eq!(environments(&["environments/blue", "environments/green"]), some(&["blue", "green"]));
        assert_eq!(
            environments(&["environments/eu-sandbox", "environments/prod-eu"]),
            some(&["eu-sandbox", "prod-eu"])
        );
    }

    #[test]
    fn siblings_of_the_same_shape_are_environments() {
        let paths = ["live/dev/net", "live/prod/net", "live/team-1/net", "live/dns/zone", "live/shared/net"];
        assert_eq!(
            environments(&paths),
            [some(&["dev", "prod", "team-1"]), vec![None, None]].concat(),
            "`dns` has other folders, `shared` is none by its name"
        );
        let demo = ["ops/dev", "ops/dev/db", "ops/training", "ops/training/db", "ops/services/mail"];
        assert_eq!(environments(&demo), [some(&["dev", "dev", "training", "training"]), vec![None]].concat());
    }

    #[test]
    fn applications_are_no_environments() {
        let none: Vec<Option<String>> = vec![None, None, None];
        assert_eq!(
            environments(&["deployments/load-test", "deployments/live-chat", "deployments/web"]),
            none
        );
        assert_eq!(environments(&["apps/api/net", "apps/demo/net", "apps/web/net"]), none);
        let apps = ["apps/demo/dev", "apps/demo/prod", "apps/web/dev", "apps/web/prod"];
        assert_eq!(environments(&apps), some(&["dev", "prod", "dev", "prod"]));
    }

    #[test]
    fn an_environment_may_be_a_part_of_a_name() {
        let paths =
            ["accounts/api-dev/db", "accounts/api-prod/db", "accounts/root/iam", "accounts/web-prod/x"];
        let positions = EnvironmentPositions::collect(paths.iter().copied().map(Utf8Path::new));
        let name = |path: &str| {
            let place = positions.place(Utf8Path::new(path))?;
            Some(place.name_in(path.split('/').nth(place.depth)?).to_owned())
        };
        assert_eq!(paths.map(name), [Some("dev".into()), Some("prod".into()), None, Some("prod".into())]);
        assert_eq!(environments(&["a/prod-eu/x", "a/prod-us/x"]), some(&["prod-eu", "prod-us"]));
        let ci = ["a/ci-prod/x", "a/ci-staging/x", "a/root/x"];
        assert_eq!(environments(&ci), [None, None, None], "`ci` and its environments; `root` is none");
    }

    #[test]
    fn a_weak_word_alone_is_a_folder_like_others() {
        assert_eq!(environments(&["infra/test", "infra/network"]), [None, None]);
        assert_eq!(environments(&["infra/test", "infra/prod"]), some(&["test", "prod"]));
    }
}
