//! Draft of a first environments.toml for a repository, with notes and warnings.

use camino::Utf8Path;

use super::{findings::Findings, notes, toml_text, tree::ScaffoldError};

/// Draft of a first environments.toml, with notes and warnings about the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitDraft {
    /// Text of a first environments.toml; `None` when no stack was found.
    pub toml: Option<String>,
    /// Facts that envctl found in the repository, a sentence each.
    pub notes: Vec<String>,
    /// Warnings about facts that environments.toml cannot express and files that could not be read.
    pub warnings: Vec<String>,
}

impl InitDraft {
    /// Reads the repository below a folder (absolute path); no program is started and no file is written.
    ///
    /// Equal files give equal text.
    pub fn read(root: &Utf8Path) -> Result<Self, ScaffoldError> {
        let findings = Findings::read(root)?;
        Ok(Self {
            toml: (!findings.is_empty()).then(|| toml_text::write(&findings)),
            notes: notes::describe_findings(&findings),
            warnings: findings.warnings,
        })
    }
}

#[cfg(test)]
mod tests;
