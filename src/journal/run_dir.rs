//! Folder of one run and the paths in it.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::JournalError;
use crate::{
    files,
    model::{Report, StackId},
};

/// Folder of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    path: Utf8PathBuf,
}

impl RunDir {
    /// Returns the paths of a run whose folder exists.
    pub(super) fn new(path: Utf8PathBuf) -> Self {
        Self { path }
    }

    /// Creates the folder of a new run with those for inputs, logs and plans.
    pub(super) fn create(path: Utf8PathBuf) -> Result<Self, JournalError> {
        let new = Self { path };
        for dir in [new.path.clone(), new.inputs(), new.logs(), new.plans()] {
            files::create_new_dir(&dir).map_err(JournalError::io("create", &dir))?;
        }
        Ok(new)
    }

    /// Returns the path of the run's folder.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// Returns the path of the journal.
    pub fn journal(&self) -> Utf8PathBuf {
        self.path.join("journal.jsonl")
    }

    /// Returns the folder of logs.
    pub fn logs(&self) -> Utf8PathBuf {
        self.path.join("logs")
    }

    /// Returns the path of a stack's log.
    pub fn log(&self, stack: &StackId) -> Utf8PathBuf {
        self.logs().join(stack.file_name() + ".log")
    }

    /// Returns the folder of the engines' inputs: values and backend configuration.
    pub fn inputs(&self) -> Utf8PathBuf {
        self.path.join("inputs")
    }

    /// Removes the engines' inputs when they are no longer needed.
    pub fn remove_inputs(&self) -> Result<(), JournalError> {
        let path = self.inputs();
        match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(JournalError::io("remove", path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Removes the folder of a run that never started.
    pub fn remove(&self) -> io::Result<()> {
        std::fs::remove_dir_all(&self.path)
    }

    /// Returns the folder of plans.
    pub fn plans(&self) -> Utf8PathBuf {
        self.path.join("plans")
    }

    /// Returns the path of a stack's plan file.
    pub fn plan(&self, stack: &StackId) -> Utf8PathBuf {
        self.plans().join(stack.file_name() + ".tfplan")
    }

    /// Returns the paths to which envctl renames a stack's plan file before it is applied: the first for the confirmed
    /// plan, the second for a plan that was made again after the confirmation.
    pub fn begun_plans(&self, stack: &StackId) -> [Utf8PathBuf; 2] {
        ["begun.tfplan", "again.tfplan"].map(|end| self.plan(stack).with_extension(end))
    }

    /// Returns the path of the diff that the engine printed for a stack's plan.
    pub fn diff(&self, stack: &StackId) -> Utf8PathBuf {
        self.plans().join(stack.file_name() + ".diff")
    }

    /// Returns the path of the run's request.
    pub fn request(&self) -> Utf8PathBuf {
        self.path.join("request.json")
    }

    /// Returns the path of the report.
    pub fn report(&self) -> Utf8PathBuf {
        self.path.join("report.json")
    }

    /// Writes the report.
    pub fn write_report(&self, report: &Report) -> Result<(), JournalError> {
        let path = self.report();
        serde_json::to_vec_pretty(report)
            .map_err(io::Error::from)
            .and_then(|text| files::write(&path, &text))
            .map_err(JournalError::io("write", path))
    }
}
