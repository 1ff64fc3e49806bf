//! Programs that a test writes for envctl to run.

use std::{
    io::{self, Write as _},
    path::Path,
    process::{Command, Stdio},
};

/// Makes a program of a text. Another process writes it: one that any thread of the tests started meanwhile could hold the
/// file open for writing, and then nobody could run it ("text file busy").
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
    // The end of its input comes with the end of this pipe.
    writer.stdin.take().map_or(Ok(()), |mut pipe| pipe.write_all(text.as_bytes()))?;
    let status = writer.wait()?;
    if status.success() { Ok(()) } else { Err(io::Error::other(status.to_string())) }
}
