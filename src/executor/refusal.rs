//! A refusal in words.

use std::fmt;

use crate::{event::Decision, model::GateRecord};

/// Why a run does not go on, and what to type instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// One line.
    pub summary: String,
    /// What it is about, line by line.
    pub detail: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The whole command that goes on from here, where there is one.
    pub next: Option<String>,
}

impl Refusal {
    /// The decision as it is recorded.
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
    /// Joins it with another reason why the same run does not go on. What to type is a matter of both.
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

    /// What it is about, each line a little to the right.
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
