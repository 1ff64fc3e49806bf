//! What Terragrunt's files say in terms of the unit that they configure: its functions, locals and includes, as far as they
//! are known without running it.

mod functions;
mod meaning;
mod plain;

pub(super) use meaning::Unit;
