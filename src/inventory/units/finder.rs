//! Interface for running Terragrunt, implemented by the caller, so that this module starts no program.

use camino::Utf8Path;

/// Error of running Terragrunt.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UnitFinderError(pub String);

/// Runs Terragrunt with [`find_args`](crate::engine::terragrunt::units::find_args).
pub trait UnitFinder {
    /// Runs Terragrunt in a folder and returns its standard output.
    fn find(&self, dir: &Utf8Path) -> Result<String, UnitFinderError>;

    /// Returns what Terragrunt prints with [`render_args`](crate::engine::terragrunt::units::render_args) in the folder of a unit.
    fn render(&self, dir: &Utf8Path) -> Result<String, UnitFinderError>;
}
