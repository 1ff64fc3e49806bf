//! Search of a repository without environments.toml for its stacks and environments, from which `envctl init` writes a
//! first environments.toml.
//!
//! Only files are read: names of folders, HCL, var files, scripts. What would be dangerous if guessed wrong (secrets,
//! keys of states that no file sets) is written as a marked proposal.

mod backend_pairs;
mod backend_types;
mod decisions;
mod environment_names;
mod environments;
mod evidence;
mod file_template;
mod findings;
mod links;
mod module_sources;
mod name_parts;
mod names;
mod notes;
mod outline;
mod path_position;
mod project;
mod repository;
mod roots;
#[cfg(test)]
mod sample;
mod settings_choice;
mod settings_contents;
mod settings_finder;
mod sibling_shapes;
mod single_folder;
mod stack;
mod stack_files;
mod stacks;
mod toml_text;
mod toml_value;
mod tree;
mod unit_group;
mod units;
mod var_files;
mod variables;
mod workspace_usage;
mod workspaces;

pub use decisions::OpenDecision;
pub use repository::InitDraft;
pub use tree::ScaffoldError;
