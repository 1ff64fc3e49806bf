//! Output streams: data goes to standard output, all messages to standard error.

use std::{
    borrow::Cow,
    fmt::Display,
    io::{self, ErrorKind, Write},
    sync::{Arc, Mutex},
};

use super::{Role, Styles, diagnostic, disarmed::disarmed, visible::visible_painted, wrap};
use crate::{diagnostic::Diagnostics, mutex::lock};

/// Width in columns for source lines when there is no terminal.
const WIDE: usize = 140;

/// Amount of messages on standard error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Detail {
    /// Errors only (`--quiet`).
    Quiet,
    /// Results, warnings, notes and hints.
    #[default]
    Normal,
    /// Details for troubleshooting as well (`--verbose`).
    Verbose,
}

/// Kind of reader of standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// Person at a terminal.
    Person,
    /// Program, or a file.
    Program,
}

/// Function that a printer calls before it writes.
pub type BeforeWrite = Arc<dyn Fn() + Send + Sync>;

/// Function that removes secrets from a text; `None` if the text contains none.
pub type SecretMask = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

type OutputStream = Arc<Mutex<Box<dyn Write + Send>>>;

/// Output streams with their styles.
pub struct Printer {
    out: OutputStream,
    err: OutputStream,
    /// Function to call before each write to either stream.
    before_write: Mutex<Option<BeforeWrite>>,
    /// Mask of secrets, which all printers over the same streams share.
    secret_mask: Arc<Mutex<Option<SecretMask>>>,
    out_styles: Styles,
    err_styles: Styles,
    detail: Detail,
    /// Width of the terminal; `None` without one.
    width: Option<usize>,
    /// Width at which messages are wrapped; `None` if standard error is no terminal.
    message_width: Option<usize>,
    reader: Reader,
    is_github_job: bool,
}

impl Printer {
    /// Makes a printer over two streams, each with its styles; `width` is that of the terminal, `None` without one.
    pub fn new(
        out: (Box<dyn Write + Send>, Styles),
        err: (Box<dyn Write + Send>, Styles),
        detail: Detail,
        width: Option<usize>,
    ) -> Self {
        Self {
            out: Arc::new(Mutex::new(out.0)),
            err: Arc::new(Mutex::new(err.0)),
            before_write: Mutex::new(None),
            secret_mask: Arc::default(),
            out_styles: out.1,
            err_styles: err.1,
            detail,
            width,
            message_width: None,
            reader: Reader::Program,
            is_github_job: false,
        }
    }

    /// Sets the kind of reader of standard output; a program by default.
    #[must_use]
    pub fn for_reader(self, reader: Reader) -> Self {
        Self { reader, ..self }
    }

    /// Sets the width at which messages are wrapped: that of the terminal, if standard error is one.
    #[must_use]
    pub fn wrapping_messages(self, message_width: Option<usize>) -> Self {
        Self { message_width, ..self }
    }

    /// Enables escaping for a GitHub job, which executes commands in both streams: then only [`Printer::workflow_command`] can
    /// give any.
    #[must_use]
    pub fn in_github_job(self, is_github_job: bool) -> Self {
        Self { is_github_job, ..self }
    }

    /// Sets a function to call before each write, such as a flush of the consumers of a run's events: then no output
    /// appears before that of earlier events.
    pub fn call_before_write(&self, before_write: BeforeWrite) {
        *lock(&self.before_write) = Some(before_write);
    }

    /// Sets the mask of secrets for everything that is printed from now on, except [`Printer::data`] and values that the user
    /// requested.
    pub fn mask_secrets(&self, secret_mask: SecretMask) {
        *lock(&self.secret_mask) = Some(secret_mask);
    }

    /// Returns a text without the secrets that the mask knows.
    pub fn masked<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let secret_mask = lock(&self.secret_mask).clone();
        secret_mask.and_then(|mask| mask(text)).map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// Returns a printer over the same streams that calls no function before it writes, for the consumers themselves.
    #[must_use]
    pub fn without_call_before_write(&self) -> Self {
        Self {
            out: Arc::clone(&self.out),
            err: Arc::clone(&self.err),
            before_write: Mutex::new(None),
            secret_mask: Arc::clone(&self.secret_mask),
            ..*self
        }
    }

    /// Returns the styles of standard output.
    pub fn out_styles(&self) -> Styles {
        self.out_styles
    }

    /// Returns the styles of standard error.
    pub fn err_styles(&self) -> Styles {
        self.err_styles
    }

    /// Returns the amount of messages on standard error.
    pub fn detail(&self) -> Detail {
        self.detail
    }

    /// Returns the terminal's width in columns; `None` without a terminal.
    pub fn width(&self) -> Option<usize> {
        self.width
    }

    /// Writes text for people to standard output. Secrets are masked; control characters other than envctl's own colours are
    /// escaped.
    pub fn text(&self, text: impl Display) -> io::Result<()> {
        self.requested_text(self.masked(&text.to_string()))
    }

    /// Writes values that the user requested as text for people to standard output: like [`Printer::text`], but unmasked.
    pub fn requested_text(&self, text: impl Display) -> io::Result<()> {
        self.data(self.escaped(&text.to_string(), self.out_styles))
    }

    /// Writes sentences for people to standard output, wrapped to the width of a terminal.
    pub fn prose(&self, text: impl Display) -> io::Result<()> {
        let text = text.to_string();
        let text = self.masked(&text);
        match self.width.filter(|_| self.reader == Reader::Person) {
            Some(width) => self.requested_text(wrap::wrapped(&text, width)),
            None => self.requested_text(text),
        }
    }

    /// Returns a message wrapped to the width of the terminal, if standard error is one.
    pub fn wrapped<'t>(&self, message: &'t str) -> Cow<'t, str> {
        self.message_width.map_or(Cow::Borrowed(message), |width| wrap::wrapped(message, width))
    }

    /// Writes a single value to standard output: unchanged for a program, with control characters escaped on a terminal.
    pub fn value(&self, value: &str) -> io::Result<()> {
        match self.reader {
            Reader::Person => self.requested_text(format_args!("{value}\n")),
            Reader::Program => self.data(format_args!("{value}\n")),
        }
    }

    /// Writes data for programs to standard output, unchanged.
    ///
    /// A closed reader (`| head`, a closed terminal) is no error.
    pub fn data(&self, text: impl Display) -> io::Result<()> {
        self.prepare_write();
        let mut out = lock(&self.out);
        let done = write!(out, "{text}").and_then(|()| out.flush());
        match done {
            Err(error) if is_closed(&error) => Ok(()),
            other => other,
        }
    }

    /// Writes a line to standard error, unless quiet.
    pub fn say(&self, line: impl Display) {
        if self.detail > Detail::Quiet {
            self.say_always(line);
        }
    }

    /// Writes a warning, unless quiet.
    pub fn warn(&self, line: impl Display) {
        self.say(format_args!("{} {line}", self.err_styles.paint(Role::Warning, "warning:")));
    }

    /// Writes a note, unless quiet.
    pub fn note(&self, line: impl Display) {
        self.say(format_args!("{} {line}", self.err_styles.paint(Role::Heading, "note:")));
    }

    /// Writes a hint, unless quiet.
    pub fn hint(&self, line: impl Display) {
        self.say(format_args!("{} {line}", self.err_styles.paint(Role::Hint, "hint:")));
    }

    /// Writes an error, even when quiet.
    pub fn error(&self, line: impl Display) {
        self.say_always(format_args!("{} {line}", self.err_styles.paint(Role::Error, "error:")));
    }

    /// Writes diagnostics with their source lines, even when quiet.
    pub fn findings(&self, findings: &Diagnostics) {
        let width = self.width.unwrap_or(WIDE);
        let rendered = diagnostic::render_all(findings, self.err_styles.color(), width);
        let rendered = self.masked(&rendered);
        // Source lines have been cut to the width, with marks below them.
        let lines = rendered.split('\n');
        let lines: Vec<_> = lines
            .map(|line| if line.contains('|') { Cow::Borrowed(line) } else { self.wrapped(line) })
            .collect();
        self.write_message(&lines.join("\n"));
    }

    /// Writes diagnostics as [`Printer::findings`] does, with no line of more than `columns` characters: text is wrapped,
    /// source lines are cut.
    pub fn findings_within(&self, findings: &Diagnostics, columns: usize) {
        let width = self.width.unwrap_or(WIDE).min(columns);
        let rendered = diagnostic::render_all(findings, self.err_styles.color(), width);
        let text_width = self.message_width.unwrap_or(columns).min(columns);
        let masked = self.masked(&rendered);
        let lines = masked.split('\n').map(|line| {
            let line = if line.contains('|') { Cow::Borrowed(line) } else { wrap::wrapped(line, text_width) };
            line.split('\n').map(|line| wrap::clipped(line, columns)).collect::<Vec<_>>().join("\n")
        });
        self.write_message(&lines.collect::<Vec<_>>().join("\n"));
    }

    /// Writes a message to standard error, even when quiet, wrapped to the width of a terminal.
    pub fn say_always(&self, message: impl Display) {
        self.write_message(&self.wrapped(&self.masked(&message.to_string())));
    }

    /// Writes text with lines of its own, such as a table or a program's output, to standard error, even when quiet.
    /// Control characters are escaped.
    pub fn say_unwrapped(&self, line: impl Display) {
        self.write_message(&self.masked(&line.to_string()));
    }

    /// Writes a workflow command for a GitHub job to standard error. Line feeds in it become spaces.
    pub fn workflow_command(&self, line: impl Display) {
        let line = line.to_string();
        self.write_line(&visible_painted(&self.masked(&line), self.err_styles.color()).replace('\n', " "));
    }

    fn escaped(&self, text: &str, styles: Styles) -> String {
        let text = visible_painted(text, styles.color());
        if self.is_github_job { disarmed(&text).into_owned() } else { text.into_owned() }
    }

    /// Writes a masked message to standard error, with control characters escaped.
    fn write_message(&self, message: &str) {
        self.write_line(&self.escaped(message, self.err_styles));
    }

    fn prepare_write(&self) {
        let before_write = lock(&self.before_write).clone();
        if let Some(before_write) = before_write {
            before_write();
        }
    }

    fn write_line(&self, line: &str) {
        self.prepare_write();
        let mut err = lock(&self.err);
        // Without standard error there is no place to report this failure.
        drop(writeln!(err, "{line}").and_then(|()| err.flush()));
    }
}

/// Error number of a write to a terminal that was closed.
const EIO: i32 = 5;

fn is_closed(error: &io::Error) -> bool {
    error.kind() == ErrorKind::BrokenPipe || error.raw_os_error() == Some(EIO)
}
