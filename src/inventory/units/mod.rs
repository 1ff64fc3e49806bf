//! Edges between Terragrunt units, from Terragrunt itself, asked again only when its files changed.

mod cache;
mod edges;
mod finder;
mod terragrunt;

pub use edges::{UnitEdges, UnitError, unit_edges};
pub use finder::{UnitFinder, UnitFinderError};
pub use terragrunt::Terragrunt;
