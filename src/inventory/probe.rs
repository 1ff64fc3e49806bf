//! Queries of programs and earlier runs that envctl makes while it reads the files of a project.

use camino::Utf8Path;

use super::{stack_files::StackGenerator, units::UnitFinder};
use crate::model::EngineName;

/// Check by an engine whether one file can be parsed.
pub trait SyntaxChecker {
    /// Returns true if the engine can parse the file (absolute path); an error is the reason why no engine could be
    /// run.
    fn can_parse(&self, engine: EngineName, file: &Utf8Path) -> Result<bool, String>;
}

/// Queries of the machine that loading an inventory may need.
pub struct Probe<'a> {
    /// Returns true if an engine's program is on the path; called only if no file determines the engine of a stack.
    pub on_path: &'a dyn Fn(EngineName) -> bool,
    /// Returns a hint about the engines of earlier runs; called only if several engines could run a stack.
    pub earlier_engines: &'a dyn Fn() -> Option<String>,
    /// Lists Terragrunt units; used only if the project has any. If `None`, envctl reads the units' own files instead.
    pub units: Option<&'a dyn UnitFinder>,
    /// Checks whether an engine can parse a file; used only for files that envctl's parser refuses. `None` when no
    /// program may be started.
    pub syntax: Option<&'a dyn SyntaxChecker>,
    /// Generates the units of Terragrunt Stacks before discovery. If `None`, the units that are there count, and a finding
    /// says when they are out of date.
    pub stack_generator: Option<&'a dyn StackGenerator>,
    /// Folder of the cache for Terragrunt's lists of units.
    pub cache_dir: &'a Utf8Path,
}
