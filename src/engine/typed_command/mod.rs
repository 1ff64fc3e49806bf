//! Typed commands (`exec`): their verbs, arguments, effects, and the protections around them.

mod arguments;
pub(super) mod intent;
pub(super) mod migrating;
pub(super) mod mutating;
pub(super) mod typed_arguments;
pub(super) mod unit_values;
mod verb_table;
pub(super) mod verbs;

pub use intent::{Intent, intent_of};
pub use unit_values::takes_values;
pub use verb_table::{corrected_verb, is_verb};
pub use verbs::{evaluates_variables, flag_beyond_reading, may_make_workspace};
