//! Patterns over the names of environment variables: `ACME_*`.

use std::str::FromStr;

use globset::{Glob, GlobMatcher};

/// Pattern over the names of environment variables: letters, digits and `_`, with `*` for any text and `?` for one character.
#[derive(Debug, Clone)]
pub struct VariablePattern {
    text: String,
    matcher: GlobMatcher,
}

impl VariablePattern {
    /// Returns the pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns true if the pattern matches the name of a variable.
    pub fn matches(&self, name: &str) -> bool {
        self.matcher.is_match(name)
    }
}

impl PartialEq for VariablePattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for VariablePattern {}

/// Error for a text that can match no variable name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidVariablePattern(String);

impl FromStr for VariablePattern {
    type Err = InvalidVariablePattern;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.is_empty() {
            return Err(InvalidVariablePattern("empty".to_owned()));
        }
        if let Some(other) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || "_*?".contains(*c))) {
            return Err(InvalidVariablePattern(format!("`{}` is in no name", other.escape_debug())));
        }
        let glob = Glob::new(text).map_err(|error| InvalidVariablePattern(error.kind().to_string()))?;
        Ok(Self { text: text.to_owned(), matcher: glob.compile_matcher() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_a_name_with_wildcards() {
        let fits = |pattern: &str, name: &str| pattern.parse::<VariablePattern>().unwrap().matches(name);
        assert!(fits("ACME_*", "ACME_REGION") && fits("ACME_*", "ACME_") && fits("A?ME", "ACME"));
        assert!(!fits("ACME_*", "ACME") && !fits("ACME", "ACME_REGION") && !fits("acme_*", "ACME_REGION"));
        let refused = |pattern: &str| pattern.parse::<VariablePattern>().unwrap_err().to_string();
        assert_eq!(refused(""), "empty");
        assert_eq!(refused("ACME-*"), "`-` is in no name");
        assert_eq!(refused("ACME_{a,b}"), "`{` is in no name");
    }
}
