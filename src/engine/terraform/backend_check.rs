//! Compares the initialised backend with the one that a stack's files and environments.toml configure, and with the backend
//! of a plan file.
//!
//! envctl compares before every process that reads or changes a state: any program that may write into a data directory (a
//! shell, the engine's own `init`, a wrapper) decides which state an engine uses.

use std::io;

use camino::Utf8Path;

use super::backend_record::{BackendInFolder, BackendRecord};
use crate::{
    engine::{EngineError, PlanFacts, Target, driver::Driver, state::claims::claim_backend},
    model::{Failure, FailureKind},
};

/// Describes the expected and the found backend; `None` if they are the same.
fn backend_difference(
    target: &Target,
    folder: &Utf8Path,
    expected: &BackendRecord,
    found: &BackendRecord,
) -> Option<BackendDifference> {
    if expected.is_same(found) {
        return None;
    }
    let key = found.conflict(&expected.config);
    let is_same_type = found.backend_type == expected.backend_type;
    let [expected, found] = [expected, found].map(|backend| {
        let address = backend.address(target, folder);
        (address.clone(), address.unwrap_or_else(|| format!("a backend `{}`", backend.backend_type)))
    });
    if is_same_type && key.is_none() && expected.0 == found.0 {
        return None;
    }
    let (expected, found) = (expected.1, found.1);
    Some(BackendDifference { key: key.filter(|_| expected == found).map(str::to_owned), expected, found })
}

/// Difference between two backends, as texts without credentials.
struct BackendDifference {
    /// Address or type of the expected backend.
    expected: String,
    /// Address or type of the found backend.
    found: String,
    /// First key with another value, if the addresses are equal or unknown.
    key: Option<String>,
}

impl BackendDifference {
    /// Returns the difference as a text for messages.
    fn text(&self) -> String {
        match &self.key {
            Some(key) => format!("{}, with another value of `{key}`", self.found),
            None => format!("{} in place of {}", self.found, self.expected),
        }
    }
}

/// Describes how the address of the found backend differs from that of the configured one; `None` if they are equal. If the
/// address is unknown, every key of the configuration is compared.
pub(in crate::engine) fn other_address(
    target: &Target,
    folder: &Utf8Path,
    configured: &BackendRecord,
    found: &BackendRecord,
) -> Option<String> {
    let is_known = found.address(target, folder).is_some();
    let difference = backend_difference(target, folder, configured, found)?;
    (!is_known || difference.expected != difference.found).then(|| difference.text())
}

/// Returns the backend that the files of a root module and environments.toml state; `None` if an expression decides.
pub(in crate::engine) fn configured_backend(target: &Target) -> Option<BackendRecord> {
    let backend_type = target.backend.backend_type.clone().unwrap_or_else(|| "local".to_owned());
    Some(BackendRecord { backend_type, config: target.backend.config.clone()? })
}

/// Returns true if the files of a root module and environments.toml state where the state of an instance is; false if an
/// expression or Terragrunt decides it.
pub fn has_configured_address(target: &Target) -> bool {
    configured_backend(target).is_some()
}

/// Returns true if a data directory holds another backend than the configured one.
pub(in crate::engine) fn is_other_backend(target: &Target, record: &BackendRecord) -> bool {
    configured_backend(target)
        .is_some_and(|configured| backend_difference(target, &target.dir, &configured, record).is_some())
}

/// Reads the backend in force in a data directory; refuses one that differs from the configured one.
pub(super) fn check_configured(target: &Target, data_dir: &Utf8Path) -> Result<BackendRecord, EngineError> {
    let record = BackendRecord::in_force(data_dir).map_err(|error| unreadable(target, &error))?;
    let difference = configured_backend(target)
        .and_then(|configured| backend_difference(target, &target.dir, &configured, &record));
    let Some(difference) = difference else { return Ok(record) };
    let summary = format!(
        "the data directory of `{}` is initialised for another state than its files and environments.toml say: {}",
        target.instance,
        difference.text()
    );
    let detail = format!(
        "an engine would read and change that state; `{data_dir}` is envctl's own: the next command initialises it anew. If \
         it ends here again, the program that runs as the engine initialises elsewhere"
    );
    Err(wrong_backend(summary, detail))
}

/// Returns the error for a claim that failed: a refusal if the state belongs to another instance.
pub(in crate::engine) fn refused_claim(failure: Failure) -> EngineError {
    match failure.kind {
        FailureKind::Refused => EngineError::WrongBackend(failure),
        _ => EngineError::Failed(failure),
    }
}

/// Claims the state in the backend in force for an instance. Refuses a backend that differs from the configured one, and a
/// state that belongs to another instance.
pub(in crate::engine) fn claim_checked(driver: &dyn Driver, target: &Target) -> Result<(), EngineError> {
    let Some(record) = driver.check_backend(target)? else { return Ok(()) };
    claim_backend(target, &record, &target.dir).map(drop).map_err(refused_claim)
}

/// Returns the backend in force where the engine initialised last for an instance; `None` if that folder is unknown.
pub(in crate::engine) fn current_backend(
    driver: &dyn Driver,
    target: &Target,
) -> Result<Option<BackendInFolder>, Failure> {
    match driver.backends_in_force(target) {
        Ok(in_force) => Ok(in_force.into_iter().next()),
        Err(error) => Err(no_backend(target, &error)),
    }
}

/// Refuses a plan file whose backend is not the initialised one, or that was made on the state of another instance: an
/// apply takes the backend from the plan file.
pub(in crate::engine) fn check_plan(
    driver: &dyn Driver,
    target: &Target,
    facts: &PlanFacts,
) -> Result<(), EngineError> {
    let planned = planned_backend(driver, target, facts)?;
    claim_backend(target, &planned.record, &planned.folder).map(drop).map_err(refused_claim)
}

/// Returns the backend that a plan file was made on, with the folder in which it is initialised; refuses a backend that is
/// initialised in none of the known folders.
pub(in crate::engine) fn planned_backend(
    driver: &dyn Driver,
    target: &Target,
    facts: &PlanFacts,
) -> Result<BackendInFolder, EngineError> {
    let in_plan =
        BackendRecord { backend_type: facts.backend_type.clone(), config: facts.backend_config.clone() };
    let in_force = driver.backends_in_force(target).map_err(|error| unreadable(target, &error))?;
    if let Some(found) = in_force.iter().find(|in_folder| in_folder.record.is_same(&in_plan)) {
        return Ok(BackendInFolder { record: in_plan, folder: found.folder.clone() });
    }
    if in_force.is_empty() {
        return Ok(BackendInFolder { record: in_plan, folder: target.dir.clone() });
    }
    let first = in_force.first();
    let difference =
        first.and_then(|first| backend_difference(target, &first.folder, &first.record, &in_plan));
    let what =
        difference.map_or_else(|| format!("a backend `{}`", in_plan.backend_type), |found| found.text());
    let summary = format!(
        "the plan of `{}` was made on another state than its backend in force: {what}",
        target.instance
    );
    Err(wrong_backend(summary, "an apply of the plan would change that state".to_owned()))
}

fn unreadable(target: &Target, error: &io::Error) -> EngineError {
    EngineError::Failed(no_backend(target, error))
}

fn no_backend(target: &Target, error: &io::Error) -> Failure {
    let summary = format!("cannot determine the backend in force for `{}`: {error}", target.instance);
    Failure::new(FailureKind::State, summary)
}

pub(in crate::engine) fn wrong_backend(summary: String, detail: String) -> EngineError {
    EngineError::WrongBackend(Failure::new(FailureKind::Refused, summary).with_detail(detail))
}
