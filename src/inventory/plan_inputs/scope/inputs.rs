//! Results of the search for the inputs of a stack.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

/// Digest of one input file, and the other properties of the file that a plan is bound to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputFile {
    /// SHA-256 of the content in hexadecimal digits; `unreadable` for a file that envctl may not read.
    pub digest: String,
    /// True if the owner may execute the file. Git keeps only this bit of a file's mode.
    pub executable: bool,
    /// True for configuration and var files, which an engine only reads. Other files, such as an archive, may be written
    /// during a plan.
    pub configuration: bool,
}

/// Input files of a stack with their digests.
#[derive(Debug)]
pub struct Inputs {
    /// Input files by path as [`InputScope::display_path`](super::InputScope::display_path) gives it. A large folder has one entry, whose path ends with a
    /// slash.
    pub files: BTreeMap<String, InputFile>,
    /// True if the configuration reads further files, at paths that only the engine can compute.
    pub reads_more: bool,
}

/// Paths of a stack's inputs, without digests.
#[derive(Debug)]
pub struct InputPaths {
    /// Folders and files that hold the inputs.
    pub paths: Vec<Utf8PathBuf>,
    /// Files that the engine loads by itself: configuration and automatic var files (`*.auto.tfvars`). Files that Terragrunt
    /// generates are left out.
    pub loaded: Vec<Utf8PathBuf>,
}
