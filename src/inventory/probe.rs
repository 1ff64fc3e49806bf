//! What is asked of the machine while the files of a project are read.

use camino::Utf8Path;

use super::units::UnitFinder;
use crate::model::EngineName;

/// What is asked of the machine while instances are told.
pub struct Probe<'a> {
    /// Whether an engine's program is there; asked only when no file says which engine a stack is for.
    pub on_path: &'a dyn Fn(EngineName) -> bool,
    /// Says which engines earlier runs used; asked only where several could run a stack and no file tells which.
    pub earlier_engines: &'a dyn Fn() -> Option<String>,
    /// Lists Terragrunt units; asked only when there are any. Without one their own files are read instead.
    pub units: Option<&'a dyn UnitFinder>,
    /// Where Terragrunt's answers are kept.
    pub cache_dir: &'a Utf8Path,
}
