//! Evaluation of Terragrunt files for the unit that they configure: functions, locals and includes, as far as they are known
//! without running Terragrunt.

mod functions;
mod meaning;
mod needs;
mod plain;

pub(super) use meaning::Unit;
pub use needs::unit_needs;
