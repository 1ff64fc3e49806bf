//! Result of a run of a program: exit code, standard output, standard error.

use std::{
    fmt,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Output},
};

use serde_json::Value;

/// Run that has ended. Assertions return it for chaining, and print all of it when they fail.
pub(crate) struct Run {
    command: String,
    status: ExitStatus,
    /// Folder that holds the project.
    pub(super) around: PathBuf,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Run {
    pub(super) fn new(program: &Path, args: &[&str], output: &Output, around: &Path) -> Self {
        let name = program.file_name().unwrap_or_default().to_string_lossy();
        let text = |bytes: &[u8], stream: &str| {
            String::from_utf8(bytes.to_vec())
                .unwrap_or_else(|error| panic!("{name}: {stream} is not UTF-8: {error}"))
        };
        Self {
            command: format!("{name} {}", args.join(" ")),
            status: output.status,
            around: around.to_owned(),
            stdout: text(&output.stdout, "stdout"),
            stderr: text(&output.stderr, "stderr"),
        }
    }

    /// Returns the exit code; panics if a signal ended the process.
    #[track_caller]
    pub(crate) fn code(&self) -> i32 {
        self.status.code().unwrap_or_else(|| panic!("ended by signal {:?}\n{self}", self.status.signal()))
    }

    /// Returns true if SIGKILL ended the process.
    pub(crate) fn was_killed(&self) -> bool {
        self.status.signal() == Some(9)
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.code(), code, "the exit code (left) is not the expected one\n{self}");
        self
    }

    /// Asserts that standard output holds a text.
    #[track_caller]
    pub(crate) fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "stdout does not hold `{text}`\n{self}");
        self
    }

    /// Asserts that standard error holds a text.
    #[track_caller]
    pub(crate) fn tells(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "stderr does not hold `{text}`\n{self}");
        self
    }

    /// Asserts that neither stream holds a text.
    #[track_caller]
    pub(crate) fn hides(self, text: &str) -> Self {
        assert!(!self.stdout.contains(text), "stdout holds `{text}`\n{self}");
        assert!(!self.stderr.contains(text), "stderr holds `{text}`\n{self}");
        self
    }

    /// Asserts that one line of standard output holds all of these words: a row of a table with columns of any width.
    #[track_caller]
    pub(crate) fn prints_row(self, words: &[&str]) -> Self {
        let row = |line: &str| {
            let cells: Vec<&str> = line.split_whitespace().collect();
            words.iter().all(|word| cells.contains(word))
        };
        assert!(self.stdout.lines().any(row), "no line of stdout holds {words:?}\n{self}");
        self
    }

    /// Parses standard output as one JSON document.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("stdout is not one JSON document: {error}\n{self}"))
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { command, status, stdout, stderr, .. } = self;
        write!(f, "$ {command}\n[{status}]\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}
