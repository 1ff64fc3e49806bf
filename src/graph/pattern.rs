//! Names and globs as a person types them.

use globset::{GlobBuilder, GlobMatcher};

use super::{SelectionError, StackGraph};

/// A word that selects stacks.
pub(super) enum Pattern {
    /// The name of one.
    Name(usize),
    /// `app-*`: `*` within a part between slashes, `**` across parts.
    Glob(GlobMatcher),
}

impl Pattern {
    /// What a word means in a graph: a stack's name, or a glob that matches at least one.
    pub(super) fn new(word: &str, graph: &StackGraph) -> Result<Self, SelectionError> {
        if let Some(place) = graph.names.get_index_of(word) {
            return Ok(Self::Name(place));
        }
        if !word.contains(['*', '?', '[', '{']) {
            return Err(SelectionError::unknown(word, graph));
        }
        let glob = GlobBuilder::new(word).literal_separator(true).build().map_err(|error| {
            SelectionError::BadGlob { glob: word.to_owned(), reason: error.kind().to_string() }
        })?;
        let matcher = glob.compile_matcher();
        if graph.names.iter().any(|name| matcher.is_match(name.as_str())) {
            Ok(Self::Glob(matcher))
        } else {
            Err(SelectionError::EmptyGlob(word.to_owned()))
        }
    }

    /// The places of the stacks that it selects, in the order of declaration.
    pub(super) fn places(&self, graph: &StackGraph) -> Vec<usize> {
        match self {
            Self::Name(place) => vec![*place],
            Self::Glob(glob) => {
                let names = graph.names.iter().enumerate();
                names.filter(|(_, name)| glob.is_match(name.as_str())).map(|(place, _)| place).collect()
            }
        }
    }
}
