//! Files of `--report` and `--summary`: never left with the content of an earlier run, even if this run fails.

use std::{collections::BTreeMap, ffi::OsString, io};

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    Usage,
    output_file::{self, OutputFileKind},
};
use crate::{files, model::ErrorDocument, reporter};

/// Paths for the report and the summary of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReportFiles {
    /// Path of `--report`.
    pub report: Option<Utf8PathBuf>,
    /// Path of `--summary`.
    pub summary: Option<Utf8PathBuf>,
    /// Text that the report of an earlier run left in the file of `--report`, before the file was emptied.
    pub earlier_report: Vec<u8>,
}

impl ReportFiles {
    /// Empties the report of an earlier run. A file that cannot or must not be written is an error, and is not written
    /// later either; a summary that does not exist is not created.
    pub fn prepare(&mut self, env: &BTreeMap<OsString, OsString>) -> Result<(), Usage> {
        if let (Some(report), Some(summary)) = (&self.report, &self.summary)
            && output_file::is_same_file(report, summary)
        {
            let message =
                format!("`--report` and `--summary` name one file, `{report}`; nothing was started");
            *self = Self::default();
            return Err(Usage::Other(message));
        }
        let report = checked(&mut self.report, "report", OutputFileKind::Report, env);
        let summary = checked(&mut self.summary, "summary", OutputFileKind::Summary, env);
        let emptied = match &self.report {
            Some(path) if path.is_file() => files::read(path)
                .map(|text| self.earlier_report = text)
                .and_then(|()| output_file::replace(path, b""))
                .map_err(|error| unwritable_error("report", path, &error)),
            _ => Ok(()),
        };
        report.and(summary).and(emptied)
    }

    /// Gives up a file that must not be written after all, and restores the content that the file had.
    pub fn give_up(&mut self, file: &Utf8Path) -> io::Result<()> {
        self.summary.take_if(|path| path == file);
        match self.report.take_if(|path| path == file) {
            Some(path) if path.is_file() => output_file::replace(&path, &self.earlier_report),
            _ => Ok(()),
        }
    }

    /// Writes the reason of a failure: the document of `--json` as the report, a line into the summary. Returns an error
    /// text for each file that cannot be written.
    pub fn write_failure(&self, command: &str, document: &ErrorDocument) -> Vec<String> {
        let mut unwritten = Vec::new();
        if let Some(path) = &self.report {
            let text = serde_json::to_vec_pretty(document).map_err(io::Error::other);
            if let Err(error) = text.and_then(|text| output_file::replace(path, &text)) {
                unwritten.push(format!("the report cannot be written to `{path}`: {error}"));
            }
        }
        if let Some(path) = &self.summary {
            let text = reporter::failure_summary(command, document);
            if let Err(error) = output_file::append(path, &text) {
                unwritten.push(format!("the summary cannot be written to `{path}`: {error}"));
            }
        }
        unwritten
    }
}

/// Checks that a file may be written, and clears the path if not.
fn checked(
    file: &mut Option<Utf8PathBuf>,
    what: &str,
    content: OutputFileKind,
    env: &BTreeMap<OsString, OsString>,
) -> Result<(), Usage> {
    let Some(path) = file.take() else { return Ok(()) };
    output_file::check(&path, content, env).map_err(|error| unwritable_error(what, &path, &error))?;
    *file = Some(path);
    Ok(())
}

fn unwritable_error(what: &str, path: &Utf8Path, error: &io::Error) -> Usage {
    Usage::Other(format!("the {what} cannot be written to `{path}`: {error}; nothing was started"))
}
