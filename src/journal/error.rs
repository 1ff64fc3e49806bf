//! What can be wrong with the record of a run.

use std::io;

use camino::Utf8PathBuf;

use crate::model::StackId;

/// Why a journal cannot be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file or folder of the run cannot be used.
    #[error("cannot {verb} `{path}`: {source}")]
    Io {
        /// What was tried: `write`, `read`, `create`.
        verb: &'static str,
        /// The file or folder.
        path: Utf8PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// An earlier write failed: what follows would leave a gap.
    #[error("`{path}` could not be written earlier in this run")]
    Gap {
        /// The journal.
        path: Utf8PathBuf,
    },
    /// A line is no event, and it is not the last one.
    #[error("{path}:{line}: not an event of a journal: {reason}")]
    BrokenLine {
        /// The journal.
        path: Utf8PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        reason: String,
    },
    /// An event is missing, or stands twice.
    #[error("{path}:{line}: event {expected} was expected, event {found} is there")]
    WrongNumber {
        /// The journal.
        path: Utf8PathBuf,
        /// The line, from 1.
        line: usize,
        /// The number that would have been next.
        expected: u64,
        /// The number that is there.
        found: u64,
    },
    /// The journal was written by a later envctl.
    #[error("`{path}` has format {format}, this envctl reads format {}", super::FORMAT)]
    Format {
        /// The journal.
        path: Utf8PathBuf,
        /// Its format.
        format: u32,
    },
    /// The events do not make a run.
    #[error("`{path}` does not tell of a run: {source}")]
    Fold {
        /// The journal.
        path: Utf8PathBuf,
        /// Why not.
        source: FoldError,
    },
}

impl JournalError {
    /// Puts a path and what was tried beside an error of the operating system.
    /// An operation on a file that failed.
    pub fn io(verb: &'static str, path: impl Into<Utf8PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { verb, path, source }
    }
}

/// Why events do not add up to a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// Something happened before the run started.
    #[error("it does not begin with the start of a run")]
    NotStarted,
    /// A run started inside a run.
    #[error("event {0} starts the run a second time")]
    StartedTwice(u64),
    /// Something happened to a stack that is not in the run.
    #[error("event {seq} is about stack `{stack}`, which is not in the run")]
    UnknownStack {
        /// The event.
        seq: u64,
        /// The stack.
        stack: StackId,
    },
}

/// Why a run cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No run's id begins like that.
    #[error("there is no run `{0}`")]
    NotFound(String),
    /// There are no runs at all.
    #[error("there are no runs in `{0}`")]
    Empty(Utf8PathBuf),
    /// More than one run's id begins like that.
    #[error("`{prefix}` begins the ids of {count} runs")]
    Ambiguous {
        /// What was asked for.
        prefix: String,
        /// How many there are.
        count: usize,
    },
    /// The folder of runs cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}
