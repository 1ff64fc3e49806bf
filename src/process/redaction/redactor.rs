//! Redactor that masks secrets in everything that envctl prints or writes.

use std::{
    borrow::Cow,
    sync::{Arc, Mutex},
};

use super::{
    parts::parts,
    patterns::Patterns,
    spellings::{TransformationDepth, spellings},
};
use crate::mutex::lock;

/// Text in place of a secret.
pub const MASK: &str = "(redacted)";

/// Length in bytes up to which a secret is masked in all spellings. For a longer secret each text is masked as it is
/// and after a single transformation, which bounds memory and time.
const MAX_DEEP_LENGTH: usize = 16 * 1024;

/// Masks secrets in text: each text of six bytes or more in a secret, also as JSON, YAML or `KEY=value` lines hold
/// it, in the quoting of Go, Python and shells, and encoded by JSON, base64 (also in the middle of a longer text),
/// hex and URLs.
///
/// Secrets can be added at any time. Without secrets masking costs nothing; with many it takes one pass over the
/// text.
#[derive(Default)]
pub struct Redactor {
    patterns: Mutex<Arc<Patterns>>,
}

impl Redactor {
    /// Creates a redactor that knows no secret yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a secret to mask from now on.
    pub fn add(&self, secret: &str) {
        let depth = if secret.len() <= MAX_DEEP_LENGTH {
            TransformationDepth::Combined
        } else {
            TransformationDepth::Single
        };
        let mut found = spellings(&parts(secret), depth);
        let mut patterns = lock(&self.patterns);
        found.retain(|spelling| !patterns.contains(spelling));
        if !found.is_empty() {
            Arc::make_mut(&mut patterns).extend(found);
        }
    }

    /// Returns the text with every secret masked. Secrets that overlap or touch are masked together, so that no part
    /// of either remains.
    pub fn mask<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let patterns = Arc::clone(&lock(&self.patterns));
        let match_ranges = patterns.match_ranges(text);
        if match_ranges.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut shown = String::with_capacity(text.len());
        let mut at = 0;
        for span in match_ranges {
            shown.push_str(&text[at..span.start]);
            shown.push_str(MASK);
            at = span.end;
        }
        shown.push_str(&text[at..]);
        Cow::Owned(shown)
    }

    /// Returns the secrets in a text, as it spells them.
    pub fn secrets_in<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let patterns = Arc::clone(&lock(&self.patterns));
        patterns.match_ranges(text).into_iter().map(|span| &text[span]).collect()
    }

    /// Returns true if a text holds a secret.
    pub fn contains_secret(&self, text: &str) -> bool {
        matches!(self.mask(text), Cow::Owned(_))
    }
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor")
    }
}

#[cfg(test)]
mod tests;
