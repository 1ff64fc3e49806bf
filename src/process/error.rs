//! Why a program could not be run to its end.

use std::io;

use camino::Utf8PathBuf;

/// Why a program could not be run to its end; how it ended by itself is no error here.
#[derive(Debug, thiserror::Error)]
pub enum ProcessError {
    /// No folder of PATH holds it.
    #[error("program `{program}` was not found on PATH")]
    NotOnPath {
        /// Its name.
        program: String,
        /// The PATH that was searched, or a word for none.
        searched: String,
    },
    /// The path leads nowhere.
    #[error("program `{path}` does not exist")]
    Missing {
        /// The path.
        path: Utf8PathBuf,
    },
    /// It is there, but may not be executed.
    #[error("`{path}` is not executable")]
    NotExecutable {
        /// The path.
        path: Utf8PathBuf,
    },
    /// A folder is in its place.
    #[error("`{path}` is a directory, not a program")]
    IsDirectory {
        /// The path.
        path: Utf8PathBuf,
    },
    /// Its name or path is not UTF-8.
    #[error("the path of program `{shown}` is not UTF-8")]
    NotUtf8 {
        /// The path with replacement characters.
        shown: String,
    },
    /// The folder that it should run in is not there.
    #[error("`{program}` cannot run in `{dir}`: no such directory")]
    NoSuchFolder {
        /// The program.
        program: String,
        /// The folder.
        dir: Utf8PathBuf,
    },
    /// The operating system refused to start it.
    #[error("cannot start `{program}`: {source}")]
    Start {
        /// The program.
        program: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file for its output could not be made or read.
    #[error("cannot use `{path}` for the output of `{program}`: {source}")]
    OutputFile {
        /// The program.
        program: String,
        /// The file.
        path: Utf8PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// Its output could not be read, or its end not be awaited.
    #[error("lost contact with `{program}`: {source}")]
    Lost {
        /// The program.
        program: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// It was not started: the user has interrupted the run.
    #[error("interrupted")]
    Interrupted,
}

impl ProcessError {
    /// What is too long for a line but helps whoever looks into it; mostly nothing.
    pub fn detail(&self) -> String {
        match self {
            Self::NotOnPath { searched, .. } => format!("the PATH that was searched is {searched}"),
            _ => String::new(),
        }
    }
}
