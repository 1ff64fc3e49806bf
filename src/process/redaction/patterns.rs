//! Set of texts to mask, and a search for all of them in one pass over another text.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::Arc,
};

/// Length of the shortest pattern in bytes: shorter ones would match ordinary words. Patterns are indexed by their
/// first bytes of this number.
pub(super) const SHORTEST: usize = 6;

type PatternPrefix = [u8; SHORTEST];

/// Set of texts to find in other texts. Patterns with the same beginning are tried one after the other, so that building the index costs no
/// more than storing the texts; an automaton over as many would take hundreds of megabytes.
#[derive(Clone, Default)]
pub(super) struct Patterns {
    all: HashSet<Arc<str>>,
    by_beginning: HashMap<PatternPrefix, Vec<Arc<str>>>,
}

impl Patterns {
    /// Returns true if a text is one of the patterns, or too short for one.
    pub(super) fn contains(&self, text: &str) -> bool {
        text.len() < SHORTEST || self.all.contains(text)
    }

    /// Adds patterns; those that are too short are left out.
    pub(super) fn extend(&mut self, texts: impl IntoIterator<Item = String>) {
        for text in texts {
            let Some(key) = text.as_bytes().first_chunk::<SHORTEST>() else { continue };
            let pattern: Arc<str> = Arc::from(text.as_str());
            if self.all.insert(Arc::clone(&pattern)) {
                let same = self.by_beginning.entry(*key).or_default();
                // Longest first, because the search takes the first match.
                let at = same.partition_point(|other| other.len() >= pattern.len());
                same.insert(at, pattern);
            }
        }
    }

    /// Returns the ranges of all matches in order; ranges that overlap or touch are merged.
    pub(super) fn match_ranges(&self, text: &str) -> Vec<Range<usize>> {
        let mut match_ranges: Vec<Range<usize>> = Vec::new();
        if self.all.is_empty() {
            return match_ranges;
        }
        let bytes = text.as_bytes();
        for (start, window) in bytes.windows(SHORTEST).enumerate() {
            let Some(key) = window.first_chunk::<SHORTEST>() else { continue };
            let Some(same) = self.by_beginning.get(key) else { continue };
            let Some(longest) = same.iter().find(|p| bytes[start..].starts_with(p.as_bytes())) else {
                continue;
            };
            let end = start + longest.len();
            match match_ranges.last_mut().filter(|last| start <= last.end) {
                Some(last) => last.end = last.end.max(end),
                None => match_ranges.push(start..end),
            }
        }
        match_ranges
    }
}
