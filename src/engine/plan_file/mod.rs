//! Plan files: their metadata and variables, and their changes from `show -json`.

mod attributes;
mod dynamic_value;
pub(super) mod exact_json;
pub(super) mod metadata;
mod plan_actions;
pub(super) mod plan_json;
pub(super) mod plan_variables;
mod value_digests;

pub use exact_json::{ExactJson, comparable_value, has_long_number, long_number};
pub use metadata::{PlanFileError, plan_facts};
pub use plan_variables::plan_variables;
