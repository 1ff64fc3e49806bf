//! The folder of one run and the paths in it.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::JournalError;
use crate::{
    files,
    model::{Report, StackId},
};

/// The folder of one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunDir {
    path: Utf8PathBuf,
}

impl RunDir {
    /// The paths of a run whose folder is there.
    pub(super) fn new(path: Utf8PathBuf) -> Self {
        Self { path }
    }

    /// Makes the folder of a new run with those for logs and plans.
    pub(super) fn create(path: Utf8PathBuf) -> Result<Self, JournalError> {
        let new = Self { path };
        for dir in [new.path.clone(), new.inputs(), new.logs(), new.plans()] {
            files::create_new_dir(&dir).map_err(JournalError::io("create", &dir))?;
        }
        Ok(new)
    }

    /// The folder itself.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The journal.
    pub fn journal(&self) -> Utf8PathBuf {
        self.path.join("journal.jsonl")
    }

    /// The folder of logs.
    pub fn logs(&self) -> Utf8PathBuf {
        self.path.join("logs")
    }

    /// The log of a stack.
    pub fn log(&self, stack: &StackId) -> Utf8PathBuf {
        self.logs().join(stack.file_name() + ".log")
    }

    /// The folder of what engines are given: values and backend pairs.
    pub fn inputs(&self) -> Utf8PathBuf {
        self.path.join("inputs")
    }

    /// Removes what the engines of a run were given, when nothing needs it any more.
    pub fn remove_inputs(&self) -> Result<(), JournalError> {
        let path = self.inputs();
        match std::fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(JournalError::io("remove", path)(error))
            }
            _ => Ok(()),
        }
    }

    /// Takes the folder away again: of a run that never started.
    pub fn abandon(&self) -> io::Result<()> {
        std::fs::remove_dir_all(&self.path)
    }

    /// The folder of plans.
    pub fn plans(&self) -> Utf8PathBuf {
        self.path.join("plans")
    }

    /// The plan file of a stack.
    pub fn plan(&self, stack: &StackId) -> Utf8PathBuf {
        self.plans().join(stack.file_name() + ".tfplan")
    }

    /// The names that a stack's plan has while it is applied: of the one that was confirmed, and of one that was made
    /// again since.
    pub fn begun_plans(&self, stack: &StackId) -> [Utf8PathBuf; 2] {
        ["begun.tfplan", "again.tfplan"].map(|end| self.plan(stack).with_extension(end))
    }

    /// The engine's own diff of a stack's plan.
    pub fn diff(&self, stack: &StackId) -> Utf8PathBuf {
        self.plans().join(stack.file_name() + ".diff")
    }

    /// What the run was asked for.
    pub fn request(&self) -> Utf8PathBuf {
        self.path.join("request.json")
    }

    /// The report.
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
