//! Result of a program that has run.

use std::{fmt, os::unix::process::ExitStatusExt, process::ExitStatus, time::Duration};

/// End of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Exited with this exit code.
    Code(i32),
    /// Killed by this signal.
    Signal(i32),
}

impl Exit {
    /// Returns true if the process exited with code 0.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }

    /// Returns the exit code; `None` when a signal killed the process.
    pub fn code(self) -> Option<i32> {
        match self {
            Self::Code(code) => Some(code),
            Self::Signal(_) => None,
        }
    }

    /// Converts the status of a process that has ended; stopped and continued processes are not expected.
    pub(super) fn from_status(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }
}

impl fmt::Display for Exit {
    /// Writes `exit status 3` or `killed by signal 9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit status {code}"),
            Self::Signal(signal) => write!(f, "killed by signal {signal}"),
        }
    }
}

/// Program that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FinishedProcess {
    /// End of the process.
    pub exit: Exit,
    /// Process id.
    pub pid: u32,
    /// Time from start to end.
    pub duration: Duration,
}

/// Program that has ended, with its complete unmasked output.
#[derive(Clone, PartialEq, Eq)]
pub struct CapturedOutput {
    /// End of the process.
    pub exit: Exit,
    /// Process id.
    pub pid: u32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl fmt::Debug for CapturedOutput {
    /// Omits the output, which may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Captured({}, {} + {} bytes)", self.exit, self.stdout.len(), self.stderr.len())
    }
}

/// Output stream of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// Event of a running program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessEvent<'a> {
    /// The program was started; sent before any of its output.
    Started {
        /// Process id.
        pid: u32,
    },
    /// The program wrote a line.
    Line {
        /// Stream that the line came from.
        stream: Stream,
        /// Line without its line feed, with secrets masked.
        text: &'a str,
        /// Unmasked line, for parsers only: with a masked number it may be invalid JSON. Must not be printed or
        /// stored unmasked.
        raw: &'a str,
    },
}
