//! Raw output that engines and hooks wrote into files while nobody read it: their envctl was killed.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::{JournalError, RunStore};
use crate::{event::EventKind, model::EnvName, process::writers};

/// A file of a run or a command that holds what a program wrote, secrets in clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawOutput {
    /// The file.
    pub file: Utf8PathBuf,
    /// The log beside it, which is masked.
    pub log: Utf8PathBuf,
}

impl RunStore {
    /// The raw output that the runs and commands of an environment left, or those of all, whose envctl and programs have
    /// ended.
    pub fn raw_outputs(&self, environment: Option<&EnvName>) -> Result<Vec<RawOutput>, JournalError> {
        let mut found = Vec::new();
        for run in self.list()? {
            let outputs = in_folder(&run.dir.logs())?;
            if outputs.is_empty() {
                continue;
            }
            let own = environment.is_none_or(|environment| {
                let events = run.events().map(|recorded| recorded.events).unwrap_or_default();
                events.iter().any(|event| {
                    matches!(&event.kind, EventKind::RunStarted { environment: own, .. } if own == environment)
                })
            });
            // A run that goes on has its journal open, and its programs their files.
            if own && writers(run.dir.path()).is_empty() {
                found.extend(outputs);
            }
        }
        let of_environment = environment.map(|environment| self.command_dirs(environment)).transpose()?;
        for folder in self.abandoned_commands()? {
            let own = of_environment.as_ref().is_none_or(|own| own.contains(&folder.path));
            if own && writers(&folder.path).is_empty() {
                found.extend(in_folder(&folder.path)?);
            }
        }
        Ok(found)
    }
}

fn in_folder(folder: &Utf8Path) -> Result<Vec<RawOutput>, JournalError> {
    let entries = match folder.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(JournalError::io("read", folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let file = entry.map_err(JournalError::io("read", folder))?.into_path();
        if matches!(file.extension(), Some("stdout" | "stderr" | "hook-stdout" | "hook-stderr")) {
            found.push(RawOutput { log: file.with_extension("log"), file });
        }
    }
    found.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(found)
}
