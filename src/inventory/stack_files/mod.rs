//! Terragrunt Stacks in the inventory: folders whose units must be generated, generated folders that no block declares any
//! more, and generated files that are out of date.

mod generated;
mod generation;
mod outdated;
mod preparation;

pub(super) use generated::GeneratedFolders;
pub use generated::{GeneratedOrigin, origin_of};
pub(super) use generation::StackGeneration;
pub use generation::{StackGenerator, StackGeneratorError};
pub use preparation::{LEFTOVER_CODE, OUTDATED_CODE};
pub(super) use preparation::{StackPreparation, is_generated};
