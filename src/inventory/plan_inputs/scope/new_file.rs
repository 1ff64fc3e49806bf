//! Test whether a file that envctl is about to write would be an input of a stack.

use std::sync::Arc;

use camino::Utf8Path;

use super::{ConfigurationRefs, InputError, InputScope, declared::is_declared};
use crate::{
    engine::layout::unit_file,
    files::resolve_links,
    inventory::plan_inputs::{
        deleted_paths::DeletedPaths, path_reference_cache::PathReferenceCache, terragrunt::unit_package,
        walk::Walk,
    },
};

impl InputScope {
    /// Returns true if a file would be an input of the stack once it exists. The path must be absolute and without links.
    pub fn would_include(&self, file: &Utf8Path) -> Result<bool, InputError> {
        let Some(folder) = file.parent() else { return Ok(false) };
        // Configuration may name a file that does not exist yet (`fileexists`).
        let present = Arc::new(DeletedPaths::new([file.to_owned()]));
        let ConfigurationRefs { files, folders, modules, .. } =
            self.clone().with_deleted(&present).follow_refs(&[], &PathReferenceCache::default());
        if files.iter().any(|named| resolve_links(named) == file)
            || is_declared(&self.dir, &self.globs, file)?
        {
            return Ok(true);
        }
        // Terragrunt copies the whole folder, also what lies beside the module.
        if unit_file(self.engine).is_some()
            && unit_package(&self.dir).is_some_and(|package| file.starts_with(resolve_links(&package)))
        {
            return Ok(true);
        }
        let walked = |dir: &Utf8Path, skip_modules| {
            let walk = Walk { excluded: &self.excluded, skip_modules };
            let found = walk.folders(dir);
            let found = found.map_err(|source| InputError::Read { path: dir.to_owned(), source })?;
            Ok(found.contains(folder))
        };
        for dir in modules.iter().filter(|dir| dir.is_dir()) {
            if walked(dir, *dir != self.dir)? {
                return Ok(true);
            }
        }
        for named in folders.into_named() {
            // Of a folder that holds the stack, only the files directly in it are inputs.
            let is_above = self.dir.starts_with(&named);
            if if is_above { resolve_links(&named) == folder } else { walked(&named, false)? } {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
