//! Position in the path of a stack of the folder that names the environment.

use std::collections::{BTreeSet, HashMap};

use camino::Utf8Path;

use super::environment_names::{is_ambiguous, is_environment_name, is_environment_word, role_of_name};

/// Names of folders whose subfolders are environments.
pub(super) const CONTAINERS: [&str; 6] =
    ["environments", "environment", "envs", "env", "stages", "deployments"];

/// Statistics over many paths, from which envctl infers the component of each path that names the environment.
#[derive(Default)]
pub(super) struct EnvironmentPositions {
    /// Words that name environments, by their depth in a path.
    words_by_depth: HashMap<usize, BTreeSet<String>>,
    /// Words that name environments, by the folder that holds them.
    words_by_folder: HashMap<String, BTreeSet<String>>,
    /// Folders with at least one subfolder that has the name of an environment.
    folders_of_environments: BTreeSet<String>,
}

impl EnvironmentPositions {
    /// Collects the statistics of these paths.
    pub(super) fn collect<'a>(paths: impl IntoIterator<Item = &'a Utf8Path>) -> Self {
        let mut positions = Self::default();
        for path in paths {
            let mut above = String::new();
            for (depth, part) in path.components().map(|part| part.as_str()).enumerate() {
                if is_environment_word(part) {
                    positions.words_by_depth.entry(depth).or_default().insert(part.to_owned());
                    positions.words_by_folder.entry(above.clone()).or_default().insert(part.to_owned());
                }
                if role_of_name(part).is_some() {
                    positions.folders_of_environments.insert(above.clone());
                }
                above = if above.is_empty() { part.to_owned() } else { format!("{above}/{part}") };
            }
        }
        positions
    }

    /// Returns the depth in this path of the folder that names its environment.
    ///
    /// A child of `environments/` with siblings that are environments wins over a word; a depth with more
    /// environments wins over one with fewer.
    pub(super) fn environment_depth(&self, path: &Utf8Path) -> Option<usize> {
        let parts: Vec<&str> = path.components().map(|part| part.as_str()).collect();
        let score = |depth: usize| {
            let part = parts[depth];
            let contained = depth > 0 && CONTAINERS.contains(&parts[depth - 1]);
            let above = parts[..depth].join("/");
            let environments = self.words_by_depth.get(&depth).map_or(0, BTreeSet::len);
            let siblings = self.words_by_folder.get(&above).map_or(0, BTreeSet::len);
            if !is_environment_name(part) {
                0
            } else if contained && self.folders_of_environments.contains(&above) {
                1000
            } else if is_environment_word(part) && (siblings > 1 || !is_ambiguous(part)) {
                10 * environments
            } else {
                usize::from(contained)
            }
        };
        let best = (0..parts.len()).map(|depth| (score(depth), depth)).max()?;
        (best.0 > 0).then_some(best.1)
    }
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
    fn a_weak_word_alone_is_a_folder_like_others() {
        assert_eq!(environments(&["infra/test", "infra/network"]), [None, None]);
        assert_eq!(environments(&["infra/test", "infra/prod"]), some(&["test", "prod"]));
    }
}
