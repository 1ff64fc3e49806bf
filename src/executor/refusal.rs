//! Message that tells the user why a run was refused.

use std::fmt;

use crate::{event::Decision, model::GateRecord};

/// Reason why a run stops, and the command to type next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Summary on one line.
    pub summary: String,
    /// Details, one per line.
    pub detail: String,
    /// Advice for the user.
    pub hint: Option<String>,
    /// Complete command for the user to type, which continues the run; `None` if no command does.
    pub next: Option<String>,
}

impl Refusal {
    /// Returns the decision to record in the journal.
    pub fn decision(&self, record: &GateRecord) -> Decision {
        Decision::Refused {
            because: self.summary.clone(),
            detail: self.detail.clone(),
            next: self.next.clone(),
            record: record.clone(),
        }
    }
}

impl Refusal {
    /// Combines two refusals of the same run, without hint and next command: these have to follow from both.
    #[must_use]
    pub fn and(self, other: &Self) -> Self {
        let details = [self.detail.as_str(), other.detail.as_str()];
        let details: Vec<&str> = details.into_iter().filter(|detail| !detail.is_empty()).collect();
        Self {
            summary: format!("{}; {}", self.summary, other.summary),
            detail: details.join("\n"),
            hint: None,
            next: None,
        }
    }

    /// Returns the details, each line indented by two spaces.
    pub fn indented(&self) -> String {
        let lines: Vec<String> = self.detail.lines().map(|line| format!("  {line}")).collect();
        lines.join("\n")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)?;
        if !self.detail.is_empty() {
            write!(f, "\n{}", self.indented())?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Refusal {}
