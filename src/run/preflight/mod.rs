//! Checks before the first engine of a run.

pub(super) mod allowed_names;
pub(crate) mod check_guards;
pub(crate) mod check_versions;
pub(super) mod checklist;
pub(super) mod clean_tree_paths;
pub(super) mod dependents;
pub(super) mod excludes;
pub(super) mod given_values;
pub(crate) mod gone_stacks;
pub(super) mod known_addresses;
pub(super) mod output_inputs;
