//! The files of `--report` and `--summary`: never left with what an earlier run wrote, whatever becomes of this one.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
};

use camino::{Utf8Path, Utf8PathBuf};

use super::Usage;
use crate::{model::ErrorDocument, reporter};

/// The files that a command line names for the report and for the summary of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportFiles {
    /// `--report`
    pub report: Option<Utf8PathBuf>,
    /// `--summary`
    pub summary: Option<Utf8PathBuf>,
}

impl ReportFiles {
    /// Empties the report of an earlier run, and tries whether both files can be written; a summary that is not there is not
    /// left behind.
    pub fn prepare(&self) -> Result<(), Usage> {
        let unwritable = |what: &str, path: &Utf8Path, error: io::Error| {
            Usage::Other(format!("the {what} cannot be written to `{path}`: {error}; nothing was started"))
        };
        if let Some(path) = &self.report {
            empty(path).map_err(|error| unwritable("report", path, error))?;
        }
        if let Some(path) = &self.summary {
            try_open(path).map_err(|error| unwritable("summary", path, error))?;
        }
        Ok(())
    }

    /// Writes why the command failed: the document of `--json` as the report, a line into the summary. A file that cannot be
    /// written is returned with the reason.
    pub fn write_failure(&self, command: &str, document: &ErrorDocument) -> Vec<String> {
        let mut unwritten = Vec::new();
        if let Some(path) = &self.report {
            let text = serde_json::to_vec_pretty(document).map_err(io::Error::other);
            if let Err(error) = text.and_then(|text| fs::write(path, text)) {
                unwritten.push(format!("the report cannot be written to `{path}`: {error}"));
            }
        }
        if let Some(path) = &self.summary {
            let text = reporter::failure_summary(command, document);
            if let Err(error) = append(path, &text) {
                unwritten.push(format!("the summary cannot be written to `{path}`: {error}"));
            }
        }
        unwritten
    }
}

/// Appends a text to a file, which is created where there is none.
pub(super) fn append(path: &Utf8Path, text: &str) -> io::Result<()> {
    OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .and_then(|mut file| file.write_all(text.as_bytes()))
}

/// Empties a regular file, and creates and removes one that does not exist.
fn empty(path: &Utf8Path) -> io::Result<()> {
    try_open(path)?;
    match path.metadata() {
        Ok(found) if found.is_file() => OpenOptions::new().write(true).truncate(true).open(path).map(drop),
        _ => Ok(()),
    }
}

fn try_open(path: &Utf8Path) -> io::Result<()> {
    if path.as_str().is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path is empty"));
    }
    match path.metadata() {
        // Whoever reads a pipe would take a second opening for its end.
        Ok(there) if !there.is_file() && !there.is_dir() => Ok(()),
        Ok(_) => OpenOptions::new().append(true).open(path).map(drop),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            OpenOptions::new().write(true).create_new(true).open(path)?;
            fs::remove_file(path)
        }
        Err(error) => Err(error),
    }
}
