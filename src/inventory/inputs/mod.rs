//! Input files of a stack: the files that its plan depends on, each with the digest of its content. These are the stack's
//! folder, local modules at any depth, `files` of environments.toml, and existing files that its HCL names.

pub(super) mod deleted_paths;
mod eval_scope;
mod excluded_paths;
pub(super) mod file_pattern;
mod folders;
mod literals;
mod mixed_mocks;
mod path_refs;
mod path_template;
mod provenance;
pub(super) mod read_set;
mod scope;
mod unit;
mod unit_inputs;
mod unit_module;
mod unresolved_includes;
mod variable_flow;
mod variable_values;
pub(super) mod walk;
pub(super) mod words;

pub use excluded_paths::ExcludedPaths;
pub use mixed_mocks::MixedMocks;
pub use scope::{InputError, InputFile, InputPlaces, InputScope, Inputs};
pub use unit::unit_needs;
pub use unit_module::{has_local_state, unit_module, unit_source};
pub use unresolved_includes::UnresolvedIncludes;
