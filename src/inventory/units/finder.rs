//! Whoever runs Terragrunt to list its units: passed in, so that nothing here starts a program.

use camino::Utf8Path;

/// Why Terragrunt's list could not be had.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnitFinderError(pub String);

/// Runs Terragrunt with [`find_args`](crate::engine::units::find_args).
pub trait UnitFinder {
    /// What it prints when it is run in this folder.
    fn find(&self, dir: &Utf8Path) -> Result<String, UnitFinderError>;
}
