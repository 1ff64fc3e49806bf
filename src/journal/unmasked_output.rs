//! Raw output of engines and hooks left in files because their envctl was killed before it had masked them.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::{JournalError, RunStore, StoredRun, read_journal};
use crate::{event::EventKind, model::EnvName, process::processes_writing_below};

/// File of a run or command that holds the output of a program with secrets in clear text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnmaskedOutput {
    /// Path of the raw file.
    pub file: Utf8PathBuf,
    /// Path of the masked log of the same program.
    pub log: Utf8PathBuf,
    /// True if the run's journal does not name its environment, so that it is unknown which secrets the file may
    /// hold.
    pub is_of_unknown_run: bool,
}

impl UnmaskedOutput {
    /// Lists the raw output left by runs and commands of an environment, or of all environments, whose envctl and
    /// programs have ended. A run whose journal does not name its environment is included for every environment.
    pub fn find(store: &RunStore, environment: Option<&EnvName>) -> Result<Vec<Self>, JournalError> {
        let mut found = Vec::new();
        for run in store.list()? {
            let outputs = find_in_folder(&run.dir.logs())?;
            if outputs.is_empty() {
                continue;
            }
            let started = environment.map(|wanted| (wanted, run.started_environment()));
            let is_of_unknown_run = matches!(started, Some((_, None)));
            let is_own = started.is_none_or(|(wanted, own)| own.is_none_or(|own| own == *wanted));
            // While a run goes on, envctl has its journal open and its programs their output files.
            if is_own && processes_writing_below(run.dir.path()).is_empty() {
                found.extend(outputs.into_iter().map(|output| Self { is_of_unknown_run, ..output }));
            }
        }
        let of_environment = environment.map(|environment| store.command_dirs(environment)).transpose()?;
        for folder in store.abandoned_commands()? {
            let own = of_environment.as_ref().is_none_or(|own| own.contains(&folder.path));
            if own && processes_writing_below(&folder.path).is_empty() {
                found.extend(find_in_folder(&folder.path)?);
            }
        }
        Ok(found)
    }
}

impl StoredRun {
    /// Returns the environment in the run's first event; `None` when the journal cannot be read or lacks it.
    fn started_environment(&self) -> Option<EnvName> {
        let recorded = read_journal(&self.dir.journal()).ok()?;
        recorded.events.into_iter().find_map(|event| match event.kind {
            EventKind::RunStarted { environment, .. } => Some(environment),
            _ => None,
        })
    }
}

fn find_in_folder(folder: &Utf8Path) -> Result<Vec<UnmaskedOutput>, JournalError> {
    let entries = match folder.read_dir_utf8() {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(JournalError::io("read", folder)(error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let file = entry.map_err(JournalError::io("read", folder))?.into_path();
        if matches!(file.extension(), Some("stdout" | "stderr" | "hook-stdout" | "hook-stderr")) {
            found.push(UnmaskedOutput { log: file.with_extension("log"), file, is_of_unknown_run: false });
        }
    }
    found.sort_by(|one, other| one.file.cmp(&other.file));
    Ok(found)
}
