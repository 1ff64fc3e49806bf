//! Environments that are a part of a folder's name: `api-dev` beside `api-prod`.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    environment_names::{is_environment_of_region, is_environment_word, is_unambiguous},
    sibling_shapes::{OutlineReader, SiblingShapes},
};

/// Part of a folder's name that is the name of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NamePart {
    /// Word before this separator: `dev-api`.
    First(char),
    /// Word after this separator: `api-dev`.
    Last(char),
}

impl NamePart {
    /// Splits a folder's name into the environment's word and the rest.
    pub(super) fn split(self, folder: &str) -> Option<(&str, &str)> {
        match self {
            Self::First(separator) => folder.split_once(separator),
            Self::Last(separator) => folder.rsplit_once(separator).map(|(rest, word)| (word, rest)),
        }
    }

    /// Returns the environment's word in a folder's name.
    pub(super) fn word_in(self, folder: &str) -> &str {
        self.split(folder).map_or(folder, |(word, _)| word)
    }

    /// Joins the texts of the environment and of the rest in the order of the folder's name.
    pub(super) fn join(self, environment: &str, rest: &str) -> String {
        match self {
            Self::First(separator) => format!("{environment}{separator}{rest}"),
            Self::Last(separator) => format!("{rest}{separator}{environment}"),
        }
    }
}

/// Returns the folders whose names contain an environment's word, with its part.
///
/// At least two siblings must differ in that word alone and be of the same shape; then the other siblings with such a
/// word count too.
pub(super) fn environment_parts(
    siblings: &SiblingShapes,
    outline_of: &OutlineReader<'_>,
) -> BTreeMap<String, NamePart> {
    for part in [NamePart::Last('-'), NamePart::Last('_'), NamePart::First('-'), NamePart::First('_')] {
        let mut by_rest: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
        for name in siblings.names().filter(|name| !is_environment_of_region(name)) {
            if let Some((word, rest)) =
                part.split(name).filter(|(word, rest)| is_environment_word(word) && !rest.is_empty())
            {
                by_rest.entry(rest).or_default().push((word, name));
            }
        }
        let several = by_rest.values().any(|same| {
            let names: Vec<&str> = same.iter().map(|(_, name)| *name).collect();
            same.len() > 1
                && same.iter().any(|(word, _)| is_unambiguous(word))
                && siblings.are_alike(&names, outline_of)
        });
        if several {
            let words: BTreeSet<&str> =
                by_rest.values().filter(|same| same.len() > 1).flatten().map(|(word, _)| *word).collect();
            let named = by_rest.values().flatten().filter(|(word, _)| words.contains(word));
            return named.map(|(_, name)| ((*name).to_owned(), part)).collect();
        }
    }
    BTreeMap::new()
}
