//! How a program ran and ended.

use std::{fmt, os::unix::process::ExitStatusExt, process::ExitStatus, time::Duration};

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Code(i32),
    /// Killed by this signal.
    Signal(i32),
}

impl Exit {
    /// Whether it ended by itself with status 0.
    pub fn is_success(self) -> bool {
        self == Self::Code(0)
    }

    /// The status, when it ended by itself.
    pub fn code(self) -> Option<i32> {
        match self {
            Self::Code(code) => Some(code),
            Self::Signal(_) => None,
        }
    }

    /// The exit of a process that has been waited for without asking about stops and continuations.
    pub(super) fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Code(code),
            (None, signal) => Self::Signal(signal.unwrap_or_default()),
        }
    }
}

impl fmt::Display for Exit {
    /// `exit status 3`, `killed by signal 9`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(code) => write!(f, "exit status {code}"),
            Self::Signal(signal) => write!(f, "killed by signal {signal}"),
        }
    }
}

/// A program that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finished {
    /// How it ended.
    pub exit: Exit,
    /// The process id that it had.
    pub pid: u32,
    /// From its start to its end.
    pub duration: Duration,
}

/// A program that has ended, with all that it wrote, as it wrote it: nothing is masked here.
#[derive(Clone, PartialEq, Eq)]
pub struct Captured {
    /// How it ended.
    pub exit: Exit,
    /// The process id that it had.
    pub pid: u32,
    /// Its standard output.
    pub stdout: Vec<u8>,
    /// Its standard error.
    pub stderr: Vec<u8>,
}

impl fmt::Debug for Captured {
    /// What it wrote is left out: it may hold secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Captured({}, {} + {} bytes)", self.exit, self.stdout.len(), self.stderr.len())
    }
}

/// Which stream a line came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// What a running program is watched by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessEvent<'a> {
    /// It was started; said before anything is read from it.
    Started {
        /// Its process id.
        pid: u32,
    },
    /// It wrote a line.
    Line {
        /// Where.
        stream: Stream,
        /// The line, without its end, with secrets masked.
        text: &'a str,
        /// Line as the program wrote it, to be parsed: a masked number leaves no valid JSON. Nothing of it may be shown or kept unmasked.
        raw: &'a str,
    },
}
