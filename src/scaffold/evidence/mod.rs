//! Evidence in scripts: the files, pairs and workspaces that scripts, Makefiles, workflows and READMEs pass to engines.

mod command;
mod named_files;
mod reader;
mod scripts;
mod substitution;
mod words;

pub(super) use command::{Closeness, ScriptFact};
pub(super) use named_files::{NamedFiles, StackFiles};
pub(super) use scripts::ScriptFindings;
pub(super) use substitution::{ARGUMENT, ENVIRONMENT, PROJECT, UNKNOWN};
