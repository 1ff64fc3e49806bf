//! Evaluation of Terragrunt files for the unit that they configure: functions, locals and includes, as far as they are known
//! without running Terragrunt.

mod builtins;
mod eval;
mod inline;
mod mixed_mocks;
mod needs;
mod stack_file;
mod unit_inputs;
mod unit_module;
mod unresolved_includes;

pub(super) use eval::UnitEvaluator;
pub use mixed_mocks::MixedMocks;
pub use needs::unit_needs;
pub use stack_file::{ComponentKind, StackComponent, TerragruntStack};
pub use unit_inputs::file_of_input;
pub(super) use unit_module::unit_package;
pub use unit_module::{has_local_state, unit_module, unit_source};
pub use unresolved_includes::{UnresolvedIncludes, any_file_mixes_mocks};
