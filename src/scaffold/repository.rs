//! Draft of a first environments.toml for a repository, with notes and warnings.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    decisions::{OpenDecision, open_decisions},
    findings::Findings,
    notes, toml_text,
    tree::ScaffoldError,
};

/// Draft of a first environments.toml, with notes and warnings about the repository.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitDraft {
    /// Text of a first environments.toml; `None` when no stack was found.
    pub toml: Option<String>,
    /// Facts that envctl found in the repository, a sentence each.
    pub notes: Vec<String>,
    /// Lines of the text that ask a person to decide something.
    pub decisions: Vec<OpenDecision>,
    /// Name of the environment that changes reach first; `None` if there is no environment.
    pub first_environment: Option<String>,
    /// Warnings about facts that environments.toml cannot express and files that could not be read.
    pub warnings: Vec<String>,
}

impl InitDraft {
    /// Reads the repository below a folder (absolute path); no program is started and no file is written.
    ///
    /// Equal files give equal text. `named` are environments by their folders, which the user named: they are taken for the
    /// environments of what lies below.
    pub fn read(root: &Utf8Path, named: &BTreeMap<Utf8PathBuf, String>) -> Result<Self, ScaffoldError> {
        let findings = Findings::read(root, named)?;
        let toml = (!findings.is_empty()).then(|| toml_text::write(&findings));
        Ok(Self {
            decisions: toml.as_deref().map(open_decisions).unwrap_or_default(),
            first_environment: findings.first_environment(),
            toml,
            notes: notes::describe_findings(&findings),
            warnings: findings.warnings,
        })
    }
}

#[cfg(test)]
mod tests;
