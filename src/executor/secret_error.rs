//! Errors while secrets are read, each with a hint for the user.

use std::{io, sync::Arc};

use camino::Utf8PathBuf;

use super::failed_output::FailedOutput;
use crate::process::{ProcessError, Redactor};

/// Reason why a secret could not be read. Never contains any part of a secret.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SecretError {
    /// The environment variable is not set.
    #[error("secret `{name}` comes from the environment variable `{variable}`, which is not set")]
    Unset {
        /// Name of the secret.
        name: String,
        /// Name of the environment variable.
        variable: String,
    },
    /// The value is empty, and `allow_empty` is not set.
    #[error("secret `{name}` comes from {source_text}, which is empty")]
    Empty {
        /// Name of the secret.
        name: String,
        /// Source of the value, as messages name it.
        source_text: String,
    },
    /// The variable or the program's output is not UTF-8.
    #[error("secret `{name}` is not UTF-8 text")]
    NotUtf8 {
        /// Name of the secret.
        name: String,
    },
    /// The file cannot be read.
    #[error("secret `{name}` comes from the file `{path}`: {source}")]
    File {
        /// Name of the secret.
        name: String,
        /// Path of the file.
        path: Utf8PathBuf,
        /// Error of the operating system.
        source: Arc<io::Error>,
    },
    /// The program cannot be run.
    #[error("secret `{name}` comes from the command `{program}`: {source}")]
    Start {
        /// Name of the secret.
        name: String,
        /// Program of the command.
        program: String,
        /// Error of the start.
        source: Arc<ProcessError>,
    },
    /// The program failed.
    #[error("secret `{name}` comes from the command `{program}`, which failed ({exit})")]
    Command {
        /// Name of the secret.
        name: String,
        /// Program of the command.
        program: String,
        /// Exit status of the program.
        exit: String,
        /// Output of the program.
        output: FailedOutput,
    },
    /// The output of SOPS is not JSON.
    #[error("secret `{name}` comes from `{path}`, of which `sops` printed no JSON")]
    NotJson {
        /// Name of the secret.
        name: String,
        /// Path of the SOPS file.
        path: Utf8PathBuf,
    },
    /// The SOPS file has no text at the key.
    #[error("secret `{name}`: `{path}` holds no text at `{key}`{existing_keys}")]
    NoSuchKey {
        /// Name of the secret.
        name: String,
        /// Path of the SOPS file.
        path: Utf8PathBuf,
        /// Dotted key of the value in the file.
        key: String,
        /// Text that lists the existing keys, beginning with a semicolon.
        existing_keys: String,
    },
}

impl SecretError {
    /// Returns lines with advice, or with the output of the program. Secrets that the redactor does not
    /// know are not masked in them.
    pub fn help(&self, redactor: &Redactor) -> Vec<String> {
        match self {
            Self::Empty { .. } => {
                vec!["an empty value is accepted with `allow_empty = true` beside the source".to_owned()]
            }
            Self::Command { output, .. } => match output.last_lines(redactor) {
                lines if lines.is_empty() => {
                    vec!["it printed nothing on standard error; run it by hand to see why".to_owned()]
                }
                lines => lines.iter().map(|line| format!("it printed `{line}`")).collect(),
            },
            _ => Vec::new(),
        }
    }
}
