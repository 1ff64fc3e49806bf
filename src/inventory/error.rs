//! Errors of loading the inventory.

use super::{discovery::WalkError, units::UnitError};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Error that leaves an environment without instances.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// Walking the project failed.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// Terragrunt did not list the dependencies of its units.
    #[error(transparent)]
    Units(#[from] UnitError),
    /// Declarations contradict each other or the files; holds all findings.
    #[error("{0}")]
    Invalid(Diagnostics),
}

impl InventoryError {
    /// Converts the error to diagnostics, so that every error is printed in one form.
    pub fn into_diagnostics(self) -> Diagnostics {
        match self {
            Self::Invalid(diagnostics) => diagnostics,
            Self::Units(UnitError::File(diagnostic)) => (*diagnostic).into(),
            Self::Walk(error) => Diagnostic::error("inventory::walk", error.to_string()).into(),
            Self::Units(error) => Diagnostic::error("inventory::units", error.to_string()).into(),
        }
    }
}
