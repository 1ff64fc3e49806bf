//! Errors that verbs raise themselves; the border in `cli/` turns each into an exit code and a message.

use camino::Utf8PathBuf;

use crate::model::{ExitStatus, Failure};

/// The command line does not fit the project.
#[derive(Debug, thiserror::Error)]
pub enum Usage {
    /// No environments.toml.
    #[error("there is no environments.toml in `{0}` or above")]
    NoConfig(Utf8PathBuf),
    /// No environment was named.
    #[error("no environment given. Choose one: {}", .0.join(", "))]
    NoEnvironment(Vec<String>),
    /// No stack of that name.
    #[error("there is no stack `{name}` in `{environment}`")]
    UnknownStack {
        /// The name.
        name: String,
        /// The environment.
        environment: String,
        /// A stack that was probably meant.
        suggestion: Option<String>,
    },
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// The verb ends with this status and has said why.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Stopped {
    /// The status.
    pub status: ExitStatus,
    /// What to say after `error:`.
    pub message: String,
    /// Lines after `hint:`.
    pub hints: Vec<String>,
}

impl Stopped {
    /// A refusal.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { status: ExitStatus::Refused, message: message.into(), hints: Vec::new() }
    }

    /// Something that has to be mended in a file first.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self { status: ExitStatus::Configuration, message: message.into(), hints: Vec::new() }
    }

    /// Something that only a defect of envctl explains.
    pub fn defect(message: impl Into<String>) -> Self {
        Self { status: ExitStatus::Defect, message: message.into(), hints: Vec::new() }
    }

    /// The same with one more hint.
    #[must_use]
    pub fn hint(mut self, line: impl Into<String>) -> Self {
        self.hints.push(line.into());
        self
    }
}

/// A stack failed in a verb that has no run.
#[derive(Debug, thiserror::Error)]
#[error("stack `{stack}`: {failure}")]
pub struct StackFailed {
    /// The stack.
    pub stack: String,
    /// Why.
    pub failure: Failure,
}
