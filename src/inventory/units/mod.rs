//! Dependencies between Terragrunt units, as Terragrunt lists them; the list is cached until a file changes.

mod cache;
mod edges;
mod finder;
mod terragrunt;

pub use edges::{UnitEdges, UnitError, unit_edges};
pub use finder::{UnitFinder, UnitFinderError};
pub use terragrunt::TerragruntFinder;
