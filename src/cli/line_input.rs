//! Input of one line from the terminal on standard input, typed after its question was shown.

use std::io::{self, Write as _};

use rustix::{
    io::{Errno, ioctl_fionread, read},
    termios::{
        InputModes, LocalModes, OptionalActions, QueueSelector, Termios, tcflush, tcgetattr, tcsetattr,
    },
};

/// Shows a question on standard error and reads the line that the user types after it; `None` when the terminal ends first.
///
/// Input that was typed before the whole question was shown is discarded; `discarded` is called each time. `marker` ends
/// the question: input before it is not an answer.
pub(super) fn ask_line(
    question: &str,
    marker: &str,
    mut discarded: impl FnMut(),
) -> io::Result<Option<String>> {
    let mut terminal = LineMode::enter()?;
    let mut typed_early = terminal.discard_input()?;
    loop {
        if typed_early > 0 {
            discarded();
        }
        show(question)?;
        typed_early = terminal.discard_input()?;
        if typed_early == 0 {
            break;
        }
        show("\n")?;
    }
    show(marker)?;
    read_line()
}

/// Discards the input typed so far, and returns its size in bytes.
pub(super) fn discard_typed_input() -> io::Result<u64> {
    LineMode::enter()?.discard_input()
}

fn show(text: &str) -> io::Result<()> {
    let mut screen = io::stderr().lock();
    screen.write_all(text.as_bytes()).and_then(|()| screen.flush())
}

/// Reads to the end of a line; `None` if the terminal ends before that.
fn read_line() -> io::Result<Option<String>> {
    let mut line = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match read(io::stdin(), &mut buffer) {
            Ok(0) => return Ok(None),
            // The terminal was closed.
            Err(Errno::IO) => return Ok(None),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
            Ok(count) => line.extend_from_slice(&buffer[..count]),
        }
        if line.last() == Some(&b'\n') {
            return Ok(Some(String::from_utf8_lossy(&line).trim().to_owned()));
        }
    }
}

/// Line mode of the terminal: the terminal edits and echoes lines. Dropping it restores the previous mode.
struct LineMode {
    /// Mode that the terminal had before, to be restored.
    previous: Termios,
    /// Mode in which the terminal edits lines.
    line_mode: Termios,
}

impl LineMode {
    fn enter() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut line = before.clone();
        line.local_modes |= LocalModes::ICANON | LocalModes::ECHO | LocalModes::ECHOE | LocalModes::ISIG;
        line.input_modes |= InputModes::ICRNL;
        tcsetattr(io::stdin(), OptionalActions::Now, &line)?;
        Ok(Self { previous: before, line_mode: line })
    }

    /// Discards the input typed so far, including an unfinished line, and returns its size in bytes.
    fn discard_input(&mut self) -> io::Result<u64> {
        // In line mode Linux counts only whole lines (measured); without line mode it counts all input.
        let mut all = self.line_mode.clone();
        all.local_modes -= LocalModes::ICANON;
        tcsetattr(io::stdin(), OptionalActions::Now, &all)?;
        let count = ioctl_fionread(io::stdin());
        let flushed = tcflush(io::stdin(), QueueSelector::IFlush);
        tcsetattr(io::stdin(), OptionalActions::Now, &self.line_mode)?;
        flushed?;
        Ok(count?)
    }
}

impl Drop for LineMode {
    fn drop(&mut self) {
        // A terminal that was closed has no mode to restore.
        let _gone = tcsetattr(io::stdin(), OptionalActions::Now, &self.previous);
    }
}
