//! Input files of a stack: the files that its plan depends on, each with the digest of its content. These are the stack's
//! folder, local modules at any depth, `files` of environments.toml, and existing files that its HCL names.

mod configured_files;
pub(super) mod deleted_paths;
mod eval_scope;
mod excluded_paths;
pub(super) mod file_pattern;
mod folders;
mod path_reference_cache;
mod path_refs;
pub(super) mod read_set;
mod scope;
mod terragrunt;
mod variable_flow;
mod variable_values;
pub(super) mod walk;
pub(super) mod words;

pub use configured_files::configured_files;
pub use excluded_paths::ExcludedPaths;

pub use scope::{InputError, InputFile, InputPaths, InputScope, Inputs};
pub use terragrunt::{
    ComponentKind, MixedMocks, StackComponent, TerragruntStack, UnresolvedIncludes, any_file_mixes_mocks,
    file_of_input, has_local_state, unit_module, unit_needs, unit_source,
};
