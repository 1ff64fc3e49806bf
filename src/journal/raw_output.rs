//! Raw output that engines and hooks wrote into files while nobody read it: their envctl was killed.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::{JournalError, RunStore, StoredRun};
use crate::{event::EventKind, model::EnvName, process::writers};

/// A file of a run or a command that holds what a program wrote, secrets in clear.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawOutput {
    /// The file.
    pub file: Utf8PathBuf,
    /// The log beside it, which is masked.
    pub log: Utf8PathBuf,
    /// True if the journal of its run does not tell the environment, so that nobody can tell which secrets are in it.
    pub is_of_unknown_run: bool,
}

impl RunStore {
    /// The raw output that the runs and commands of an environment left, or those of all, whose envctl and programs have
    /// ended. A run whose journal does not tell its environment may be of any: its output is in each answer.
    pub fn raw_outputs(&self, environment: Option<&EnvName>) -> Result<Vec<RawOutput>, JournalError> {
        let mut found = Vec::new();
        for run in self.list()? {
            let outputs = in_folder(&run.dir.logs())?;
            if outputs.is_empty() {
                continue;
            }
            let started = environment.map(|wanted| (wanted, run.started_environment()));
            let is_of_unknown_run = matches!(started, Some((_, None)));
            let is_own = started.is_none_or(|(wanted, own)| own.is_none_or(|own| own == *wanted));
            // A run that goes on has its journal open, and its programs their files.
            if is_own && writers(run.dir.path()).is_empty() {
                found.extend(outputs.into_iter().map(|output| RawOutput { is_of_unknown_run, ..output }));
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

impl StoredRun {
    /// Returns the environment that the run began for; nothing where its journal cannot be read, or does not say so.
    fn started_environment(&self) -> Option<EnvName> {
        let recorded = self.events().ok()?;
        recorded.events.into_iter().find_map(|event| match event.kind {
            EventKind::RunStarted { environment, .. } => Some(environment),
            _ => None,
        })
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
            found.push(RawOutput { log: file.with_extension("log"), file, is_of_unknown_run: false });
        }
    }
    found.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(found)
}
