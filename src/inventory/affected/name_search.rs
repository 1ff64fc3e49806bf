//! Text search for the names of changed paths, so that most files need not be parsed.
//!
//! A path in a text ends with the name of the changed file, or of a folder that holds it. A text whose paths may be built in
//! another way is a hit: a miss is certain, a hit is not.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;

/// Maximum number of names to search for; with more names every text counts as a hit.
const MAX_NAMES: usize = 4_000;

/// Names that may follow one name in the path of a changed file.
#[derive(Debug, Default)]
struct FollowingNames {
    /// Names that continue a changed path.
    names: BTreeSet<String>,
    /// True if the name counts as found whatever follows it in the searched text: it is the last part of a changed path, or a
    /// link.
    any_text_may_follow: bool,
}

/// Search for the names that changed paths consist of.
pub(super) struct NameSearch {
    /// Automaton that finds the names; `None` when there are too many.
    automaton: Option<AhoCorasick>,
    /// Names that may follow each name; the index is that of the name in the automaton.
    following_names: Vec<FollowingNames>,
    ignores_case: bool,
}

impl NameSearch {
    /// Creates the search from changed paths, and from links, which lead to paths with other names. `ignores_case` is true if
    /// the file system ignores case.
    pub(super) fn new<'p>(
        changed: impl Iterator<Item = &'p str>,
        links: impl Iterator<Item = &'p str>,
        ignores_case: bool,
    ) -> Self {
        let mut names: BTreeMap<String, FollowingNames> = BTreeMap::new();
        let folded = |path: &str| if ignores_case { path.to_lowercase() } else { path.to_owned() };
        for path in changed.map(folded) {
            let parts: Vec<&str> = path.split('/').collect();
            for (at, part) in parts.iter().enumerate() {
                let next = names.entry((*part).to_owned()).or_default();
                match parts.get(at + 1) {
                    Some(name) => drop(next.names.insert((*name).to_owned())),
                    None => next.any_text_may_follow = true,
                }
            }
        }
        for name in links.filter_map(|path| path.rsplit('/').next()).map(folded) {
            names.entry(name).or_default().any_text_may_follow = true;
        }
        let few = names.len() <= MAX_NAMES;
        let automaton = few.then(|| AhoCorasick::new(names.keys()).ok()).flatten();
        Self { automaton, following_names: names.into_values().collect(), ignores_case }
    }

    /// Returns true if a text may lead to a changed path.
    pub(super) fn may_lead_to_change(&self, text: &str) -> bool {
        let Some(automaton) = &self.automaton else { return true };
        // An escape may hide a name, and a path that ends with `..` has no name to find.
        if text.contains("\\u") || text.contains("\\U") || ends_above(text) {
            return true;
        }
        let folded;
        let text = if self.ignores_case {
            folded = text.to_lowercase();
            &folded
        } else {
            text
        };
        automaton.find_overlapping_iter(text).any(|found| {
            let (before, behind) = (&text[..found.start()], &text[found.end()..]);
            let is_whole = !before.ends_with(is_name_character) && !behind.starts_with(is_name_character);
            is_whole && may_continue(&self.following_names[found.pattern().as_usize()], behind)
        })
    }
}

/// Returns true if the text behind a name may continue to a changed path.
fn may_continue(next: &FollowingNames, behind: &str) -> bool {
    let Some(rest) = behind.strip_prefix('/').filter(|_| !next.any_text_may_follow) else { return true };
    let rest = rest.trim_start_matches('/');
    let end = rest.find(|c: char| !is_name_character(c)).unwrap_or(rest.len());
    let (name, behind) = rest.split_at(end);
    let is_unknown =
        name.is_empty() || name.starts_with('.') || behind.starts_with(['$', '%', '*', '?', '[', '{', '\\']);
    is_unknown || next.names.contains(name)
}

/// Returns true if a path in a text ends with `..`, or continues behind it with a value.
fn ends_above(text: &str) -> bool {
    text.match_indices("..").any(|(at, dots)| {
        let (before, behind) = (&text[..at], &text[at + dots.len()..]);
        let path = behind.split(['"', '\n']).next().unwrap_or_default();
        if path.contains("${") || path.contains("%{") {
            return true;
        }
        let behind = behind.trim_start_matches('/');
        !before.ends_with(is_name_character) && !behind.starts_with(is_name_character)
    })
}

/// Returns true if a character may be part of a file name, so that a name next to it is only a part of another name.
fn is_name_character(character: char) -> bool {
    character.is_alphanumeric() || "_-.".contains(character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn may_lead_to_change(text: &str) -> bool {
        let changed = ["modules/m7/main.tf", "infra/app/x.json"];
        NameSearch::new(changed.into_iter(), ["live/link"].into_iter(), false).may_lead_to_change(text)
    }

    #[test]
    fn a_text_that_names_a_changed_path_or_a_folder_of_it_is_a_hit() {
        for text in [
            "source = \"../modules/m7\"",
            "\"${local.dir}/m7\"",
            "\"../modules\"",
            "\"../modules/${var.name}\"",
            "\"../modules/m${var.name}\"",
            "\"../modules/*/x\"",
            "\"..\\/modules\\/m7\"",
            "file(\"x.json\")",
            "\"${path.module}/..\"",
            "\"../co${var.x}/${var.y}\"",
            "\"../\"",
            "\"../link/a\"",
            "\"\\u006d7\"",
            "cd .. && ls",
        ] {
            assert!(may_lead_to_change(text), "{text}");
        }
    }

    #[test]
    fn a_text_with_other_names_is_none() {
        for text in [
            "source = \"../modules/m3\"",
            "\"../../modules/m70\"",
            "m7_name = am7",
            "x.json.tpl",
            "[for k in x... : k]",
            "file(\"./y.json\")",
            "infra/db",
        ] {
            assert!(!may_lead_to_change(text), "{text}");
        }
    }

    #[test]
    fn letters_count_where_the_file_system_looks_at_them() {
        let search = |ignores_case| {
            NameSearch::new(["Modules/M7/main.tf"].into_iter(), std::iter::empty(), ignores_case)
        };
        assert!(
            search(true).may_lead_to_change("\"../MODULES/m7\"")
                && !search(false).may_lead_to_change("\"../MODULES/m7\"")
        );
    }
}
