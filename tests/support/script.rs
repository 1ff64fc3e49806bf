//! Programs that a test writes for envctl to run.

use std::{
    io::{self, Write as _},
    path::Path,
    process::{Command, Stdio},
};

/// Writes a program. Another process writes the file: a child of another test thread could inherit a handle that is
/// open for writing, and running the program would fail ("text file busy").
#[track_caller]
pub(crate) fn script(path: impl AsRef<Path>, text: &str) {
    let path = path.as_ref();
    if let Err(error) = written(path, text) {
        panic!("{}: {error}", path.display());
    }
}

#[expect(clippy::disallowed_methods, reason = "a program is to be written from outside")]
fn written(path: &Path, text: &str) -> io::Result<()> {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "cat > \"$0\" && chmod 755 \"$0\""]).arg(path).stdin(Stdio::piped());
    let mut writer = command.spawn()?;
    // The pipe closes at the end of this statement, and so ends the program's input.
    writer.stdin.take().map_or(Ok(()), |mut pipe| pipe.write_all(text.as_bytes()))?;
    let status = writer.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) }
}
