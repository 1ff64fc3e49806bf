//! What planning and applying need of an adapter: its command lines, and how its output is read.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::{
    EngineError, PlanFacts, Session, Target, backend_check::BackendInFolder, backend_record::BackendRecord,
    call::Dialect, contract::PlanRequest, folder_lock::FolderLock, installed::Installed,
};
use crate::{model::Failure, process::CommandLine};

/// An engine as the steps see it.
pub(super) trait Driver {
    /// The program's name for messages.
    fn program_name(&self) -> &str;

    /// OpenTofu or Terraform: the program itself, or the one that Terragrunt drives.
    fn core(&self) -> &Installed;

    /// How strictly its JSON streams are read.
    fn dialect(&self) -> Dialect;

    /// Compares the version that a stream calls itself with the one that was expected; gives a note when it is another one
    /// that may be used.
    fn check_version(&self, said: &str) -> Result<Option<String>, Failure>;

    /// `plan -json -detailed-exitcode -out=…`
    fn plan_command(&self, target: &Target, request: &PlanRequest) -> CommandLine;

    /// `show` of a plan file, as JSON or for people.
    fn show_command(&self, target: &Target, plan: &Utf8Path, json: bool) -> io::Result<CommandLine>;

    /// `apply -json` of a plan file; `with_values` gives the var files of the plan again.
    fn apply_command(&self, target: &Target, plan: &Utf8Path, with_values: bool) -> CommandLine;

    /// `output -json`
    fn output_command(&self, target: &Target) -> CommandLine;

    /// `state pull`
    fn state_command(&self, target: &Target) -> CommandLine;

    /// Reads the backend in force before a process reads or changes a state there; refused where the files state another one,
    /// absent where Terragrunt alone tells which one that is.
    fn check_backend(&self, target: &Target) -> Result<Option<BackendRecord>, EngineError>;

    /// Backends in force in the folders that the engine runs in for an instance, that of the last init first.
    fn backends_in_force(&self, target: &Target) -> io::Result<Vec<BackendInFolder>>;

    /// Compares the backend of a plan file, or the one in force, with the one that a unit states as its engine renders it,
    /// unless that was done before; ahead of a process that changes a state, and before a state is taken for the instance's
    /// own.
    fn check_unit_backend(
        &self,
        _target: &Target,
        _facts: Option<&PlanFacts>,
        _session: &Session<'_>,
    ) -> Result<(), EngineError> {
        Ok(())
    }

    /// Whether the plan that a stream told of rests on values that are not known yet.
    fn is_tentative(&self, target: &Target, stderr: &[String]) -> bool;

    /// Takes the shared lock on what is installed in the stack's folder, where instances of one folder share that.
    fn lock_in_use(
        &self,
        _target: &Target,
        _session: &Session<'_>,
    ) -> Result<Option<FolderLock>, EngineError> {
        Ok(None)
    }

    /// States that the engine could not save and left where it ran.
    fn unsaved_states(&self, target: &Target) -> io::Result<Vec<Utf8PathBuf>>;
}
