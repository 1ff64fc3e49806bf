//! Why there is no inventory.

use super::{discovery::WalkError, units::UnitError};
use crate::diagnostic::{Diagnostic, Diagnostics};

/// Why the instances of an environment could not be told.
#[derive(Debug, thiserror::Error)]
pub enum InventoryError {
    /// The tree could not be walked.
    #[error(transparent)]
    Walk(#[from] WalkError),
    /// Terragrunt could not be asked for the edges between its units.
    #[error(transparent)]
    Units(#[from] UnitError),
    /// What is declared does not fit together; all that is wrong with it.
    #[error("{0}")]
    Invalid(Diagnostics),
}

impl InventoryError {
    /// The findings behind it, for one way of showing them all.
    pub fn into_diagnostics(self) -> Diagnostics {
        match self {
            Self::Invalid(diagnostics) => diagnostics,
            Self::Units(UnitError::File(diagnostic)) => (*diagnostic).into(),
            Self::Walk(error) => Diagnostic::error("inventory::walk", error.to_string()).into(),
            Self::Units(error) => Diagnostic::error("inventory::units", error.to_string()).into(),
        }
    }
}
