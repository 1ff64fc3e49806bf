//! Errors of running a program.

use std::io;

use camino::Utf8PathBuf;

/// Reason why a program could not be run to its end. An exit code other than 0 is not an error here.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// No folder of PATH holds the program.
    #[error("program `{program}` was not found on PATH")]
    NotOnPath {
        /// Name of the program.
        program: String,
        /// PATH that was searched, in backticks, or `empty`.
        searched: String,
    },
    /// The path does not exist.
    #[error("program `{path}` does not exist")]
    Missing {
        /// Path of the program.
        path: Utf8PathBuf,
    },
    /// The file exists, but is not executable.
    #[error("`{path}` is not executable")]
    NotExecutable {
        /// Path of the file.
        path: Utf8PathBuf,
    },
    /// The path is a folder.
    #[error("`{path}` is a directory, not a program")]
    IsDirectory {
        /// Path of the folder.
        path: Utf8PathBuf,
    },
    /// The name or path of the program is not UTF-8.
    #[error("the path of program `{shown}` is not UTF-8")]
    NotUtf8 {
        /// Path, with a replacement character for each invalid byte.
        shown: String,
    },
    /// The working directory does not exist.
    #[error("`{program}` cannot run in `{dir}`: no such directory")]
    NoSuchFolder {
        /// Path of the program.
        program: String,
        /// Working directory.
        dir: Utf8PathBuf,
    },
    /// The operating system refused to start the program.
    #[error("cannot start `{program}`: {source}")]
    Start {
        /// Path of the program.
        program: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// A file for the program's output cannot be created or read.
    #[error("cannot use `{path}` for the output of `{program}`: {source}")]
    OutputFile {
        /// Program that writes to the file.
        program: String,
        /// Path of the file.
        path: Utf8PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The program was started, but reading its output or waiting for its end failed.
    #[error("lost contact with `{program}`: {source}")]
    Lost {
        /// Path of the program.
        program: String,
        /// Error of the operating system.
        source: io::Error,
    },
    /// Not started, because the user has interrupted the run.
    #[error("interrupted")]
    Interrupted,
}

impl ProcessError {
    /// Returns details that are too long for the message; empty for most errors.
    pub fn detail(&self) -> String {
        match self {
            Self::NotOnPath { searched, .. } => format!("the PATH that was searched is {searched}"),
            _ => String::new(),
        }
    }
}
