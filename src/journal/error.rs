//! Errors of the record of a run.

use std::io;

use camino::Utf8PathBuf;

use crate::model::StackId;

/// Error of writing or reading a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file or folder of the run cannot be used.
    #[error("cannot {operation} `{path}`: {source}")]
    Io {
        /// Operation that failed: `write`, `read`, `create`.
        operation: &'static str,
        /// Path of the file or folder.
        path: Utf8PathBuf,
        /// Error of the operating system.
        source: io::Error,
    },
    /// An earlier write failed, so another event would leave a gap.
    #[error("`{path}` could not be written earlier in this run")]
    Gap {
        /// Path of the journal.
        path: Utf8PathBuf,
    },
    /// A line other than the last is not an event.
    #[error("{path}:{line}: not an event of a journal: {reason}")]
    BrokenLine {
        /// Path of the journal.
        path: Utf8PathBuf,
        /// Line number, from 1.
        line: usize,
        /// Error of the JSON parser.
        reason: String,
    },
    /// An event is missing, or is there twice.
    #[error("{path}:{line}: event {expected} was expected, event {found} is there")]
    WrongNumber {
        /// Path of the journal.
        path: Utf8PathBuf,
        /// Line number, from 1.
        line: usize,
        /// Expected sequence number.
        expected: u64,
        /// Sequence number that was read.
        found: u64,
    },
    /// The journal has the format of another version of envctl.
    #[error("`{path}` has format {format}, this envctl reads format {}", super::FORMAT)]
    Format {
        /// Path of the journal.
        path: Utf8PathBuf,
        /// Format that was read.
        format: u32,
    },
    /// The journal has no end, and the run wrote its report, which comes after the end.
    #[error("`{path}` was cut off: it ends before the end of the run, after which `report.json` was written")]
    CutOff {
        /// Path of the journal.
        path: Utf8PathBuf,
    },
    /// The events cannot be folded into a report.
    #[error("`{path}` does not tell of a run: {source}")]
    Fold {
        /// Path of the journal.
        path: Utf8PathBuf,
        /// Reason why the event does not fit the events before it.
        source: FoldError,
    },
}

impl JournalError {
    /// Returns a function that wraps an error of the operating system with its operation and path.
    pub fn io(operation: &'static str, path: impl Into<Utf8PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { operation, path, source }
    }
}

/// Reason why events cannot be folded into a report.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// An event comes before the start of the run.
    #[error("it does not begin with the start of a run")]
    NotStarted,
    /// A second start of a run.
    #[error("event {0} starts the run a second time")]
    StartedTwice(u64),
    /// An event is about a stack that is not in the run.
    #[error("event {seq} is about stack `{stack}`, which is not in the run")]
    UnknownStack {
        /// Sequence number of the event.
        seq: u64,
        /// Stack that the event names.
        stack: StackId,
    },
}

/// Reason why a run cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// No run has an id that begins with this text.
    #[error("there is no run `{0}`")]
    NotFound(String),
    /// The project has no runs.
    #[error("there are no runs in `{0}`")]
    Empty(Utf8PathBuf),
    /// Several runs have an id that begins with this text.
    #[error("`{prefix}` begins the ids of {count} runs")]
    Ambiguous {
        /// Text that the user typed.
        prefix: String,
        /// Number of runs that match.
        count: usize,
    },
    /// The folder of runs cannot be read or written.
    #[error(transparent)]
    Journal(#[from] JournalError),
}
