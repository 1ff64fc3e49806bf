//! Backends with expressions, whose values only the engine can compute.

use super::commands::{Flavor, Terraform};
use crate::engine::{
    EngineError, Session, Target,
    messages::{failure::init_needed, text_diagnostics::from_output},
    process::call::capture,
};

/// Returns true if an expression of a backend has another value than at the last init, as the engine reports it.
///
/// The fingerprint of an init holds the configuration and the variables, but neither the files that functions read (`file`,
/// `fileset`) nor secrets. Only OpenTofu has expressions in backends.
pub(super) fn is_outdated(
    engine: &Terraform,
    target: &Target,
    session: &Session<'_>,
) -> Result<bool, EngineError> {
    if target.backend.config.is_some() || engine.flavor != Flavor::OpenTofu {
        return Ok(false);
    }
    let listed = capture(session, &engine.workspace_list_command(target))?;
    Ok(!listed.exit.is_success() && init_needed(&from_output(&listed, &target.var_files)))
}
