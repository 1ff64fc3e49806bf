//! Start of programs by the tests, in this place alone.

use std::{
    ffi::OsStr,
    process::{Command, Stdio},
};

/// Makes a command that inherits neither environment variables nor standard input.
#[expect(clippy::disallowed_methods, reason = "a test starts envctl and its servers from outside")]
pub(crate) fn hermetic(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.env_clear().stdin(Stdio::null());
    command
}

/// Runs a command to its end and returns its standard output; panics unless the command succeeds.
#[track_caller]
pub(crate) fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let stdout = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "{command:?} ended with {}\n{stdout}{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    stdout
}
