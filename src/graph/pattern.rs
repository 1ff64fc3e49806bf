//! Names and globs of stacks that the user types.

use globset::{GlobBuilder, GlobMatcher};

use super::{SelectionError, StackGraph};

/// Parsed word that selects stacks.
pub(super) enum Pattern {
    /// Name of one stack; holds its index in the graph.
    Name(usize),
    /// Glob such as `app-*`: `*` matches within a segment between slashes, `**` across segments.
    Glob(GlobMatcher),
}

impl Pattern {
    /// Parses a word: a stack's name, or a glob that matches at least one stack.
    pub(super) fn new(word: &str, graph: &StackGraph) -> Result<Self, SelectionError> {
        if let Some(index) = graph.names.get_index_of(word) {
            return Ok(Self::Name(index));
        }
        if !word.contains(['*', '?', '[', '{']) {
            return Err(SelectionError::unknown_stack(word, graph));
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

    /// Returns the indices of the matching stacks, in the order of declaration.
    pub(super) fn indices(&self, graph: &StackGraph) -> Vec<usize> {
        match self {
            Self::Name(index) => vec![*index],
            Self::Glob(glob) => {
                let names = graph.names.iter().enumerate();
                names.filter(|(_, name)| glob.is_match(name.as_str())).map(|(index, _)| index).collect()
            }
        }
    }
}
