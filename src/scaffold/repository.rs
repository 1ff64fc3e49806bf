//! Survey of a repository: the text of a first environments.toml, with notes and warnings.

use camino::Utf8Path;

use super::{findings::Findings, notes, toml_text, tree::ScaffoldError};

/// Result of a survey.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitDraft {
    /// Text of a first environments.toml; absent when no stack was found.
    pub toml: Option<String>,
    /// Findings, a sentence each.
    pub notes: Vec<String>,
    /// Warnings about facts that environments.toml cannot express and files that could not be read.
    pub warnings: Vec<String>,
}

impl InitDraft {
    /// Reads the repository below a folder (absolute path); no program is started and no file is written.
    ///
    /// Equal files give equal text.
    pub fn of(root: &Utf8Path) -> Result<Self, ScaffoldError> {
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
