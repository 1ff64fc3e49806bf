//! Errors that verbs return themselves; the error report in `cli/` turns each into an exit code and a message.

use camino::Utf8PathBuf;

use crate::{
    executor::INT,
    model::{ExitStatus, Failure},
};

/// Error of the command line in this project.
#[derive(Debug, thiserror::Error)]
pub enum Usage {
    /// No environments.toml was found.
    #[error("there is no environments.toml in `{0}` or above")]
    NoConfig(Utf8PathBuf),
    /// The command line names no environment.
    #[error("no environment given. Choose one: {}", .0.join(", "))]
    NoEnvironment(Vec<String>),
    /// The command line names no environment, and environments.toml declares none.
    #[error("no environment given, and environments.toml has none")]
    NoDeclaredEnvironment,
    /// The word in the place of an environment is a stack.
    #[error("there is no environment `{stack}`: it is a stack{}", if *.takes_stack { ", and the environment comes first" } else { "" })]
    StackAsEnvironment {
        /// Name of the stack.
        stack: String,
        /// Names and aliases of the environments.
        environments: Vec<String>,
        /// True if the verb takes a stack after the environment.
        takes_stack: bool,
    },
    /// The environment has no stack of that name.
    #[error("there is no stack `{name}` in `{environment}`")]
    UnknownStack {
        /// Name on the command line.
        name: String,
        /// Name of the environment.
        environment: String,
        /// Existing stack with a similar name.
        suggestion: Option<String>,
    },
    /// File of `--report` or `--summary` that would be an input of a selected stack.
    #[error("{message}")]
    OutputIsInput {
        /// Message after `error:`.
        message: String,
        /// Path of the file, as given.
        file: Utf8PathBuf,
        /// Flag with a path that no selected stack reads.
        instead: Option<String>,
    },
    /// Any other error, as a message.
    #[error("{0}")]
    Other(String),
}

/// End of a verb with this status and message.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Stopped {
    /// Exit status.
    pub status: ExitStatus,
    /// Message after `error:`.
    pub message: String,
    /// Lines after `hint:`.
    pub hints: Vec<String>,
}

impl Stopped {
    /// Returns an error with the status of a refusal.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { status: ExitStatus::Refused, message: message.into(), hints: Vec::new() }
    }

    /// Returns an error with the status of a wrong configuration.
    pub fn configuration(message: impl Into<String>) -> Self {
        Self { status: ExitStatus::Configuration, message: message.into(), hints: Vec::new() }
    }

    /// Returns an error with the status of a defect of envctl.
    pub fn defect(message: impl Into<String>) -> Self {
        Self { status: ExitStatus::Defect, message: message.into(), hints: Vec::new() }
    }

    /// Returns the error of a verb that a signal of the user stopped; SIGINT if the signal is not known.
    pub fn interrupted(signal: Option<u8>) -> Self {
        let status = ExitStatus::Interrupted(signal.unwrap_or(INT));
        Self { status, message: "interrupted".to_owned(), hints: Vec::new() }
    }

    /// Adds a hint.
    #[must_use]
    pub fn hint(mut self, line: impl Into<String>) -> Self {
        self.hints.push(line.into());
        self
    }
}

/// Failure of a stack in a verb without a run.
#[derive(Debug, thiserror::Error)]
#[error("stack `{stack}`: {failure}")]
pub struct StackFailed {
    /// Name of the stack.
    pub stack: String,
    /// Failure of the stack.
    pub failure: Failure,
}
