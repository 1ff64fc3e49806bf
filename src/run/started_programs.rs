//! Programs that a verb lets start while the files of a project are read.

/// Programs that may be started while the files of a project are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StartedPrograms {
    /// No program.
    None,
    /// Programs that change no file.
    Queries,
    /// These, and the generation of the units of Terragrunt Stacks.
    Generation,
}
