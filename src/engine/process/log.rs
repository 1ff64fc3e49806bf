//! Log file of a stack: output of its engines as text, with secrets masked and URLs without users.

use std::{
    fs::File,
    io::{self, Write},
};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{
    engine::messages::stream_json::EngineDiagnostic,
    files,
    process::{CommandLine, Redactor, without_credentials},
    ui::visible,
};

/// Appends to the log file of a stack. A failed write stops no engine; one note reports it instead.
pub struct Log<'r> {
    path: Utf8PathBuf,
    redactor: &'r Redactor,
    file: Result<File, io::Error>,
}

impl<'r> Log<'r> {
    /// Opens a log file; creates it (readable by its owner alone) and its folder if they are missing.
    pub fn open(path: &Utf8Path, redactor: &'r Redactor) -> Self {
        let opened = path.parent().map_or(Ok(()), files::create_dirs).and_then(|()| files::append(path));
        Self { path: path.to_owned(), redactor, file: opened }
    }

    /// Appends a line.
    pub fn line(&mut self, text: &str) {
        let text = self.redactor.mask(text);
        let text = without_credentials(&text);
        let text = visible(&text);
        if let Ok(file) = &mut self.file
            && let Err(error) = writeln!(file, "{}", text.trim_end())
        {
            self.file = Err(error);
        }
    }

    /// Appends a command line with shell quotes.
    pub fn command(&mut self, command: &CommandLine) {
        let program = command.program.to_string_lossy();
        let mut line = format!("$ {}", program.rsplit('/').next().unwrap_or_default());
        for arg in &command.args {
            let arg = arg.to_string_lossy();
            let plain = !arg.is_empty()
                && !arg.contains(|c: char| c.is_whitespace() || "'\"\\$`*?()[]{}&|;<>".contains(c));
            line.push(' ');
            if plain {
                line.push_str(&arg);
            } else {
                line.extend(["'", &arg.replace('\'', "'\\''"), "'"]);
            }
        }
        self.line(&line);
    }

    /// Appends a warning or an error in the layout of the engines, with its file relative to the project.
    pub(in crate::engine) fn diagnostic(&mut self, diagnostic: &EngineDiagnostic, project: &Utf8Path) {
        let severity = if diagnostic.is_error() { "Error" } else { "Warning" };
        self.line(&format!("{severity}: {}", diagnostic.summary));
        if let Some(range) = &diagnostic.range {
            let file = Utf8Path::new(&range.filename);
            let file = file.strip_prefix(project).unwrap_or(file);
            self.line(&format!("  on {file} line {}", range.start.line));
        }
        for line in diagnostic.detail.lines() {
            self.line(&format!("  {line}"));
        }
    }

    /// Returns a note for the user if the log could not be written.
    pub fn note(&self) -> Option<String> {
        self.file.as_ref().err().map(|error| format!("the log `{}` could not be written: {error}", self.path))
    }
}
