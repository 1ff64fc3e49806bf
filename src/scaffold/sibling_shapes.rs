//! Shapes of sibling folders: the folders of stacks below each of them, and the outlines of their own files.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use camino::Utf8Path;

use super::environment_names::with_env;

/// Function that returns the outline of a folder's configuration, as [`super::outline::outline_of`] reads it.
pub(super) type OutlineReader<'a> = dyn Fn(&Utf8Path) -> BTreeSet<String> + 'a;

/// Returns the outline of a folder whose files are not compared.
pub(super) fn no_outlines(_: &Utf8Path) -> BTreeSet<String> {
    BTreeSet::new()
}

/// Kinds of blocks that tell one configuration from another.
const TELLING_BLOCKS: [&str; 4] = ["resource ", "module ", "data ", "source "];

/// Subfolders of one folder, each with the stacks in it.
#[derive(Debug, Default)]
pub(super) struct SiblingShapes {
    /// Path of the folder above.
    parent: String,
    /// Paths of stacks below each sibling, by the sibling's name; an empty path is the sibling itself.
    below: BTreeMap<String, Vec<String>>,
}

impl SiblingShapes {
    /// Collects the subfolders of every folder above these paths.
    pub(super) fn collect<'a>(paths: impl IntoIterator<Item = &'a Utf8Path>) -> HashMap<String, Self> {
        let mut by_parent: HashMap<String, Self> = HashMap::new();
        for path in paths {
            let parts: Vec<&str> = path.components().map(|part| part.as_str()).collect();
            for (depth, name) in parts.iter().enumerate() {
                let parent = parts[..depth].join("/");
                let siblings = by_parent
                    .entry(parent.clone())
                    .or_insert_with(|| Self { parent, below: BTreeMap::new() });
                siblings.below.entry((*name).to_owned()).or_default().push(parts[depth + 1..].join("/"));
            }
        }
        by_parent
    }

    /// Returns the names of the siblings.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.below.keys().map(String::as_str)
    }

    /// Returns true if at least two of these siblings have the same shape.
    pub(super) fn are_alike(&self, names: &[&str], outline_of: &OutlineReader<'_>) -> bool {
        names
            .iter()
            .enumerate()
            .any(|(index, name)| !self.alike_to(&[name], &names[index + 1..], outline_of).is_empty())
    }

    /// Returns the candidates at least half of whose stacks the models have too.
    pub(super) fn alike_to<'a>(
        &self,
        models: &[&str],
        candidates: &[&'a str],
        outline_of: &OutlineReader<'_>,
    ) -> Vec<&'a str> {
        if candidates.is_empty() {
            return Vec::new();
        }
        let mut folders = HashSet::new();
        let mut outlines = Vec::new();
        for model in models {
            for below in &self.below[*model] {
                if below.is_empty() {
                    outlines.push(self.outline(model, outline_of));
                } else {
                    folders.insert(with_env(below, model));
                }
            }
        }
        let is_alike = |name: &&&str| {
            let below = &self.below[**name];
            let has_twin = |below: &&String| {
                if below.is_empty() {
                    let own = self.outline(name, outline_of);
                    outlines.iter().any(|outline| are_similar(&own, outline))
                } else {
                    folders.contains(&with_env(below, name))
                }
            };
            2 * below.iter().filter(has_twin).count() >= below.len()
        };
        candidates.iter().filter(is_alike).copied().collect()
    }

    /// Returns the outline of a sibling's own files, without its name.
    fn outline(&self, name: &str, outline_of: &OutlineReader<'_>) -> BTreeSet<String> {
        let lines = outline_of(&Utf8Path::new(&self.parent).join(name));
        lines.iter().map(|line| with_env(line, name)).collect()
    }
}

/// Returns true if two outlines have at least two fifths of their lines in common; resources and modules decide if
/// there are any.
fn are_similar(one: &BTreeSet<String>, other: &BTreeSet<String>) -> bool {
    let is_telling = |line: &&String| TELLING_BLOCKS.iter().any(|kind| line.starts_with(kind));
    let [one, other] = if one.iter().chain(other).any(|line| is_telling(&line)) {
        [one, other].map(|lines| lines.iter().filter(is_telling).collect::<BTreeSet<_>>())
    } else {
        [one, other].map(|lines| lines.iter().collect())
    };
    5 * one.intersection(&other).count() >= 2 * one.union(&other).count()
}
