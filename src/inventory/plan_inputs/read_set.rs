//! Paths outside of a stack's folder that its plan may read. `--changed` looks for changed paths in them.

use std::{collections::BTreeSet, sync::Arc};

use camino::Utf8PathBuf;

use super::{InputScope, deleted_paths::DeletedPaths, path_reference_cache::PathReferenceCache};

/// Scanner for the paths that the configuration of many stacks refers to, in the present and in an earlier working tree. A
/// file that several stacks read is parsed once.
#[derive(Debug, Default)]
pub(in crate::inventory) struct ReadSetScanner {
    references: PathReferenceCache,
    deleted: Arc<DeletedPaths>,
}

/// Folders and files that the configuration of a stack refers to.
#[derive(Debug, Default)]
pub(in crate::inventory) struct ReadSet {
    /// Folders of local modules at any depth, without the stack's own.
    pub(in crate::inventory) modules: Vec<Utf8PathBuf>,
    /// Folders that configuration names, without those that hold the stack.
    pub(in crate::inventory) folders: Vec<Utf8PathBuf>,
    /// Folders that configuration names and that hold the stack: only the files directly in them count.
    pub(in crate::inventory) above: Vec<Utf8PathBuf>,
    /// Files that configuration names.
    pub(in crate::inventory) files: BTreeSet<Utf8PathBuf>,
    /// Files, among `files`, that a Terragrunt unit includes or reads as configuration.
    pub(in crate::inventory) included: BTreeSet<Utf8PathBuf>,
    /// Configuration files that call a module whose `source` is an expression.
    pub(in crate::inventory) with_computed_sources: BTreeSet<Utf8PathBuf>,
    /// Configuration files that read other files at paths that only the engine can compute.
    pub(in crate::inventory) with_unknown_paths: BTreeSet<Utf8PathBuf>,
    /// Configuration files that were parsed.
    pub(in crate::inventory) parsed: BTreeSet<Utf8PathBuf>,
}

impl ReadSetScanner {
    /// Returns a scanner for which deleted files count as present.
    pub(in crate::inventory) fn new(deleted: DeletedPaths) -> Self {
        Self { references: PathReferenceCache::default(), deleted: Arc::new(deleted) }
    }

    /// Follows the references of a stack's configuration. `installed` are the folders of modules that an init of the engine
    /// found.
    pub(in crate::inventory) fn read_set_of(&self, scope: InputScope, installed: &[Utf8PathBuf]) -> ReadSet {
        let scope = scope.with_deleted(&self.deleted);
        let found = scope.follow_refs(installed, &self.references);
        let (above, folders) =
            found.folders.into_named().into_iter().partition(|folder| scope.dir.starts_with(folder));
        let included = found.parsed.iter().filter(|file| found.files.contains(*file)).cloned().collect();
        let modules = found.modules.into_iter().filter(|dir| *dir != scope.dir).collect();
        let (files, with_computed_sources, with_unknown_paths, parsed) =
            (found.files, found.with_computed_sources, found.with_unknown_paths, found.parsed);
        ReadSet {
            modules,
            folders,
            above,
            files,
            included,
            with_computed_sources,
            with_unknown_paths,
            parsed,
        }
    }
}
