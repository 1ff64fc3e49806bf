//! Refuses to start a run whose report or summary could not be written at its end.

use std::{fs::OpenOptions, io};

use camino::Utf8Path;

use super::{Context, RunRequest, Usage};

/// Opens the files of `--report` and `--summary`; one that is not there is not left behind.
pub(super) fn know_writable(context: &Context, request: &RunRequest) -> Result<(), Usage> {
    let files = [("report", &request.report), ("summary", &request.summary)];
    for (what, path) in files.into_iter().filter_map(|(what, path)| Some((what, path.as_ref()?))) {
        try_open(&context.dir.join(path)).map_err(|error| {
            Usage::Other(format!("the {what} cannot be written to `{path}`: {error}; nothing was started"))
        })?;
    }
    Ok(())
}

fn try_open(path: &Utf8Path) -> io::Result<()> {
    match path.metadata() {
        // Whoever reads a pipe would take a second opening for its end.
        Ok(there) if !there.is_file() && !there.is_dir() => Ok(()),
        Ok(_) => OpenOptions::new().append(true).open(path).map(drop),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            OpenOptions::new().write(true).create_new(true).open(path)?;
            std::fs::remove_file(path)
        }
        Err(error) => Err(error),
    }
}
