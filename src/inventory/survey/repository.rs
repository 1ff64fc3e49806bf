//! A survey of a repository: a first environments.toml, and in words what it rests on.

use camino::Utf8Path;

use super::{findings::Findings, notes, toml_text, tree::SurveyError};

/// What is in a repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The text of a first environments.toml; absent when no stack was found.
    pub toml: Option<String>,
    /// What was found, a sentence each.
    pub notes: Vec<String>,
    /// What the file cannot say right, or what could not be read.
    pub warnings: Vec<String>,
}

impl Survey {
    /// Looks through the repository below a folder, given absolute; it starts no program and writes nothing.
    ///
    /// The same files give the same text.
    pub fn of(root: &Utf8Path) -> Result<Self, SurveyError> {
        let findings = Findings::of(root)?;
        Ok(Self {
            toml: (!findings.is_empty()).then(|| toml_text::write(&findings)),
            notes: notes::of(&findings),
            warnings: findings.warnings,
        })
    }
}

#[cfg(test)]
mod tests;
