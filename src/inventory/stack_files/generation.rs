//! Generation of the units of Terragrunt Stacks before discovery, by a program that the caller starts.

use camino::{Utf8Path, Utf8PathBuf};

use crate::config::Environment;

/// Error of `terragrunt stack generate`: the message of Terragrunt, or the reason why it could not be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct StackGeneratorError(pub String);

/// Runs `terragrunt stack generate`.
pub trait StackGenerator {
    /// Generates the stacks in and below a folder (absolute path), with the variables that environments.toml sets for an
    /// environment.
    fn generate(&self, environment: &Environment, dir: &Utf8Path) -> Result<(), StackGeneratorError>;
}

/// Use of the stack files that discovery meets.
#[derive(Clone, Copy)]
pub(in crate::inventory) enum StackGeneration<'a> {
    /// Generation of their units before discovery.
    Run(&'a dyn StackGenerator),
    /// Comparison with the units that are there.
    Compare,
    /// No use, except to find units that are left over.
    Skip,
}

/// Returns the folders that lie below no other one of `dirs`, sorted. Terragrunt generates the stacks below a folder too.
pub(in crate::inventory) fn outermost(mut dirs: Vec<Utf8PathBuf>) -> Vec<Utf8PathBuf> {
    dirs.sort_unstable();
    let mut kept: Vec<Utf8PathBuf> = Vec::new();
    for dir in dirs {
        if kept.last().is_none_or(|last| !dir.starts_with(last)) {
            kept.push(dir);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_below_another_one_is_generated_with_it() {
        let dirs =
            ["/r/live/b", "/r/live/a/x", "/r/live/a", "/r/live/a-b", "/r/live/a"].map(Utf8PathBuf::from);
        assert_eq!(outermost(dirs.to_vec()), ["/r/live/a", "/r/live/a-b", "/r/live/b"]);
    }
}
