//! What is asked of the machine while the files of a project are read.

use camino::Utf8Path;

use super::units::UnitFinder;
use crate::model::EngineName;

/// Asks an engine about the syntax of one file.
pub trait SyntaxChecker {
    /// Returns true if the engine can parse the file (absolute path); the reason where no engine could be asked.
    fn can_parse(&self, engine: EngineName, file: &Utf8Path) -> Result<bool, String>;
}

/// What is asked of the machine while instances are told.
pub struct Probe<'a> {
    /// Whether an engine's program is there; asked only when no file says which engine a stack is for.
    pub on_path: &'a dyn Fn(EngineName) -> bool,
    /// Says which engines earlier runs used; asked only where several could run a stack and no file tells which.
    pub earlier_engines: &'a dyn Fn() -> Option<String>,
    /// Lists Terragrunt units; asked only when there are any. Without one their own files are read instead.
    pub units: Option<&'a dyn UnitFinder>,
    /// Asks an engine whether it can parse a file; asked only about files that the reader here cannot. Without one nothing
    /// may be started.
    pub syntax: Option<&'a dyn SyntaxChecker>,
    /// Where Terragrunt's answers are kept.
    pub cache_dir: &'a Utf8Path,
}
