//! The two streams: data goes to standard output, everything said about it to standard error.

use std::{
    fmt::Display,
    io::{self, ErrorKind, Write},
    sync::Mutex,
};

use super::{Role, Styles, diagnostic, disarmed::disarmed, visible::visible_painted};
use crate::diagnostic::Diagnostics;

/// The width of lines of files where there is no terminal.
const WIDE: usize = 140;

/// How much is said on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Detail {
    /// Errors only.
    Quiet,
    /// What a person wants to know.
    #[default]
    Normal,
    /// What a person who looks for something wants to know.
    Verbose,
}

/// Who reads standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// A person, on a terminal.
    Person,
    /// A program, or a person by way of a file.
    Program,
}

/// Where output goes and how it looks there.
pub struct Printer {
    out: Mutex<Box<dyn Write + Send>>,
    err: Mutex<Box<dyn Write + Send>>,
    out_styles: Styles,
    err_styles: Styles,
    detail: Detail,
    width: Option<usize>,
    reader: Reader,
    is_job: bool,
}

impl Printer {
    /// A printer over two streams, each with its styles; `width` is that of the terminal, if there is one.
    pub fn new(
        out: (Box<dyn Write + Send>, Styles),
        err: (Box<dyn Write + Send>, Styles),
        detail: Detail,
        width: Option<usize>,
    ) -> Self {
        Self {
            out: Mutex::new(out.0),
            err: Mutex::new(err.0),
            out_styles: out.1,
            err_styles: err.1,
            detail,
            width,
            reader: Reader::Program,
            is_job: false,
        }
    }

    /// The same for another reader than a program.
    #[must_use]
    pub fn for_reader(self, reader: Reader) -> Self {
        Self { reader, ..self }
    }

    /// The same in a GitHub job, which obeys lines of both streams: only [`Printer::command`] gives it commands.
    #[must_use]
    pub fn in_job(self, is_job: bool) -> Self {
        Self { is_job, ..self }
    }

    /// The styles of standard output.
    pub fn out_styles(&self) -> Styles {
        self.out_styles
    }

    /// The styles of standard error.
    pub fn err_styles(&self) -> Styles {
        self.err_styles
    }

    /// How much is said.
    pub fn detail(&self) -> Detail {
        self.detail
    }

    /// The terminal's width in columns.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// Writes text for people to standard output; what a terminal would obey in it, apart from envctl's own colours, is
    /// shown instead.
    pub fn text(&self, text: impl Display) -> io::Result<()> {
        self.data(self.harmless(&text.to_string(), self.out_styles))
    }

    /// Writes a value that is asked for by itself: as it is, unless a terminal would obey it.
    pub fn value(&self, value: &str) -> io::Result<()> {
        match self.reader {
            Reader::Person => self.text(format_args!("{value}\n")),
            Reader::Program => self.data(format_args!("{value}\n")),
        }
    }

    /// Writes data for programs to standard output, as it is.
    ///
    /// A reader that has gone away (`| head`, a closed terminal) wants no more: that is no error.
    pub fn data(&self, text: impl Display) -> io::Result<()> {
        let mut out = lock(&self.out);
        let done = write!(out, "{text}").and_then(|()| out.flush());
        match done {
            Err(error) if is_gone(&error) => Ok(()),
            other => other,
        }
    }

    /// Says a line on standard error, unless quiet.
    pub fn say(&self, line: impl Display) {
        if self.detail > Detail::Quiet {
            self.always(line);
        }
    }

    /// Says a warning, unless quiet.
    pub fn warn(&self, line: impl Display) {
        self.say(format_args!("{} {line}", self.err_styles.paint(Role::Warning, "warning:")));
    }

    /// Says a note, unless quiet.
    pub fn note(&self, line: impl Display) {
        self.say(format_args!("{} {line}", self.err_styles.paint(Role::Heading, "note:")));
    }

    /// Says a hint, unless quiet.
    pub fn hint(&self, line: impl Display) {
        self.say(format_args!("{} {line}", self.err_styles.paint(Role::Hint, "hint:")));
    }

    /// Says an error, always.
    pub fn error(&self, line: impl Display) {
        self.always(format_args!("{} {line}", self.err_styles.paint(Role::Error, "error:")));
    }

    /// Says findings with the lines of the files that they are about, even when quiet.
    pub fn findings(&self, findings: &Diagnostics) {
        let width = self.width.unwrap_or(WIDE);
        self.always(diagnostic::render_all(findings, self.err_styles.color(), width));
    }

    /// Says a line on standard error, even when quiet; what a terminal would obey in it is shown instead.
    pub fn always(&self, line: impl Display) {
        self.write_line(&self.harmless(&line.to_string(), self.err_styles));
    }

    /// Gives a job a command on standard error, in one line, whatever is in it.
    pub fn command(&self, line: impl Display) {
        let line = line.to_string();
        self.write_line(&visible_painted(&line, self.err_styles.color()).replace('\n', " "));
    }

    fn harmless(&self, text: &str, styles: Styles) -> String {
        let text = visible_painted(text, styles.color());
        if self.is_job { disarmed(&text).into_owned() } else { text.into_owned() }
    }

    fn write_line(&self, line: &str) {
        let mut err = lock(&self.err);
        // Nobody is left to be told that standard error is gone.
        drop(writeln!(err, "{line}").and_then(|()| err.flush()));
    }
}

/// EIO, which writing to a terminal that was closed fails with.
const EIO: i32 = 5;

fn is_gone(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe || error.raw_os_error() == Some(EIO)
}

fn lock<T: ?Sized>(mutex: &Mutex<Box<T>>) -> std::sync::MutexGuard<'_, Box<T>> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
