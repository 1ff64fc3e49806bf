//! Command lines of an engine and the rules by which its output is read, for planning and applying.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    EngineError, PlanFacts, Session, Target,
    contract::PlanRequest,
    process::{document::Dialect, folder_lock::FolderLock},
    program::installed::InstalledEngine,
    terraform::backend_record::{BackendInFolder, BackendRecord},
};
use crate::{
    model::{Failure, FailureKind},
    process::CommandLine,
};

/// Operation on an instance: the engine, the target, and the session in which its processes run.
#[derive(Clone, Copy)]
pub struct Invocation<'a> {
    /// Command lines of the engine and rules for its output.
    pub(in crate::engine) driver: &'a dyn Driver,
    /// Instance that the engine runs for.
    pub(in crate::engine) target: &'a Target,
    /// Process runner, log file and progress callback.
    pub(in crate::engine) session: &'a Session<'a>,
}

impl<'a> Invocation<'a> {
    pub(in crate::engine) fn new(
        driver: &'a dyn Driver,
        target: &'a Target,
        session: &'a Session<'a>,
    ) -> Self {
        Self { driver, target, session }
    }

    /// Calls [`Driver::check_unit_backend`] for the target.
    pub(in crate::engine) fn check_unit_backend(self, facts: Option<&PlanFacts>) -> Result<(), EngineError> {
        self.driver.check_unit_backend(self.target, facts, self.session)
    }

    /// Returns the failure of an engine whose output cannot be parsed.
    pub(in crate::engine) fn unparsable(self, verb: &str, error: &serde_json::Error) -> EngineError {
        let program = self.driver.program_name();
        let summary = format!("`{program} {verb}` cannot be understood: {error}");
        EngineError::Failed(Failure::new(FailureKind::Engine, summary))
    }
}

/// Engine-specific part of planning, applying and reading a state.
pub trait Driver {
    /// Returns the program of the engine itself.
    fn installed(&self) -> &InstalledEngine;

    /// Returns the program's name for messages.
    fn program_name(&self) -> &str {
        self.installed().name.as_str()
    }

    /// Returns OpenTofu or Terraform: the program itself, or the one that Terragrunt drives.
    fn core(&self) -> &InstalledEngine;

    /// Returns the strictness with which envctl reads the JSON streams of the engine.
    fn dialect(&self) -> Dialect;

    /// Compares the version that a stream reports with the expected one; returns a note on another version that is allowed.
    fn check_version(&self, reported_version: &str) -> Result<Option<String>, Failure> {
        self.core().check_reported_version(reported_version)
    }

    /// Returns the command line `plan -json -detailed-exitcode -out=…`.
    fn plan_command(&self, target: &Target, request: &PlanRequest) -> CommandLine;

    /// Returns the command line `show` for a plan file, whose output is JSON or text for the user.
    fn show_command(&self, target: &Target, plan: &Utf8Path, json: bool) -> io::Result<CommandLine>;

    /// Returns the command line `apply -json` for a plan file; `with_values` adds the var files of the plan.
    fn apply_command(&self, target: &Target, plan: &Utf8Path, with_values: bool) -> CommandLine;

    /// Returns the command line `output -json`.
    fn output_command(&self, target: &Target) -> CommandLine;

    /// Returns the command line `state pull`.
    fn state_command(&self, target: &Target) -> CommandLine;

    /// Reads the initialised backend before a process reads or changes a state; refuses a backend that differs from the one
    /// that the files and environments.toml configure. Returns `None` if only Terragrunt knows which backend is
    /// initialised.
    fn check_backend(&self, target: &Target) -> Result<Option<BackendRecord>, EngineError>;

    /// Returns the initialised backends in the folders that the engine runs in for an instance, that of the last init
    /// first.
    fn backends_in_force(&self, target: &Target) -> io::Result<Vec<BackendInFolder>>;

    /// Refuses a backend (of the plan file, without one the initialised backend) that differs from the `remote_state` of a
    /// unit as Terragrunt renders it; each backend is compared once. envctl calls this before a process changes a state,
    /// and before it records an unknown state as the instance's own.
    fn check_unit_backend(
        &self,
        _target: &Target,
        _facts: Option<&PlanFacts>,
        _session: &Session<'_>,
    ) -> Result<(), EngineError> {
        Ok(())
    }

    /// Returns true if a plan depends on values that are not known yet; `stderr` is the standard error of the engine that
    /// made it.
    fn is_tentative(&self, target: &Target, stderr: &[String]) -> bool;

    /// Takes the shared lock on the modules and providers that are installed in the stack's folder, if instances of one
    /// folder share them.
    fn lock_in_use(
        &self,
        _target: &Target,
        _session: &Session<'_>,
    ) -> Result<Option<FolderLock>, EngineError> {
        Ok(None)
    }

    /// Returns the states that the engine could not save and left in the folder that it ran in.
    fn unsaved_states(&self, target: &Target) -> io::Result<Vec<Utf8PathBuf>>;
}
