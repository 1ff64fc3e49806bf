//! Typed commands (`exec`): their verbs, arguments, effects, and the protections around them.

mod arguments;
pub(super) mod intent;
mod meeting;
pub(super) mod migrating;
pub(super) mod mutating;
pub(super) mod typed_arguments;
pub(super) mod unit_values;
pub(super) mod verbs;

pub use intent::{Typed, typed};
pub use meeting::{builds_on_state, may_make_workspace};
pub use unit_values::takes_values;
pub use verbs::{evaluates_variables, writes_a_file};
