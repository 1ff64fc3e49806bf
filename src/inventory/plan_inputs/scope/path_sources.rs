//! Resolution of path texts (in defaults, var files and module arguments) to the files and folders that may be read.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use super::InputScope;
use crate::{
    files::normalised,
    hcl::eval::{PathBase, PathPosition, leads_up},
    inventory::plan_inputs::{path_refs::RefKind, variable_flow::PathSource, words::known_folder},
};

impl InputScope {
    /// Returns the files and folders that the texts resolve to, and the configuration files that read a path which cannot be
    /// resolved.
    pub(super) fn resolve_sources(
        &self,
        sources: BTreeSet<PathSource>,
    ) -> (BTreeSet<Utf8PathBuf>, BTreeSet<Utf8PathBuf>) {
        let (mut paths, mut with_unknown_paths) = (BTreeSet::new(), BTreeSet::new());
        for source in sources {
            match self.resolve_source(&source) {
                Some(found) => paths.extend(found),
                None => drop(with_unknown_paths.insert(source.reader)),
            }
        }
        (paths, with_unknown_paths)
    }

    /// Resolves one text to paths; `None` when the file may lie in a folder whose files are not all inputs.
    fn resolve_source(&self, source: &PathSource) -> Option<Vec<Utf8PathBuf>> {
        let leads_up = leads_up(&source.text);
        let is_whole = !source.value_follows
            && [PathPosition::WholePath, PathPosition::Folder].contains(&source.position);
        let text = match source.position {
            // Without `..`, the path stays in a folder whose files are inputs already.
            PathPosition::NotFirst | PathPosition::Altered | PathPosition::NamePrefix if !leads_up => {
                return Some(Vec::new());
            }
            PathPosition::NotFirst | PathPosition::Altered => return None,
            PathPosition::WholePath | PathPosition::Folder | PathPosition::NamePrefix if is_whole => {
                &source.text
            }
            PathPosition::WholePath | PathPosition::Folder | PathPosition::NamePrefix => {
                known_folder(&source.text)?
            }
        };
        let kind = if is_whole && source.position == PathPosition::WholePath {
            RefKind::Read
        } else {
            RefKind::ReadBelow
        };
        let mut resolved = Vec::new();
        for start in self.starting_folders(source) {
            let path = normalised(&start.join(text));
            // An absolute path names a file of the machine, not of the project.
            let is_elsewhere = text.starts_with('/') && !path.starts_with(&self.root);
            if !is_elsewhere && self.reads_beyond_inputs(&path, kind) {
                return None;
            }
            resolved.push(path);
        }
        Some(resolved)
    }

    /// Returns the folders that a text may be relative to; only the engine knows which of several.
    fn starting_folders(&self, source: &PathSource) -> Vec<Utf8PathBuf> {
        let own = source.file.parent().unwrap_or(&self.dir).to_owned();
        match source.base {
            PathBase::Own => vec![own],
            PathBase::Repository => self.repositories(),
            PathBase::Stack | PathBase::Named | PathBase::Computed | PathBase::Above => {
                vec![self.dir.clone(), own]
            }
        }
    }
}
