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
    /// Returns the files and folders that the texts resolve to, and the configuration files with a read that cannot be
    /// resolved.
    pub(super) fn resolve_sources(
        &self,
        sources: BTreeSet<PathSource>,
    ) -> (BTreeSet<Utf8PathBuf>, BTreeSet<Utf8PathBuf>) {
        let (mut paths, mut guessed) = (BTreeSet::new(), BTreeSet::new());
        for source in sources {
            match self.resolve_source(&source) {
                Some(found) => paths.extend(found),
                None => drop(guessed.insert(source.reader)),
            }
        }
        (paths, guessed)
    }

    /// Resolves one text to paths; absent when the file may lie in a folder whose files are not all inputs.
    fn resolve_source(&self, source: &PathSource) -> Option<Vec<Utf8PathBuf>> {
        let leads_up = leads_up(&source.text);
        let is_whole = !source.is_open && [PathPosition::Whole, PathPosition::Below].contains(&source.path);
        let text = match source.path {
            // Without `..`, the path stays in a folder whose files are inputs already.
            PathPosition::Inside | PathPosition::Altered | PathPosition::Begins if !leads_up => {
                return Some(Vec::new());
            }
            PathPosition::Inside | PathPosition::Altered => return None,
            PathPosition::Whole | PathPosition::Below | PathPosition::Begins if is_whole => &source.text,
            PathPosition::Whole | PathPosition::Below | PathPosition::Begins => known_folder(&source.text)?,
        };
        let kind =
            if is_whole && source.path == PathPosition::Whole { RefKind::Read } else { RefKind::ReadBelow };
        let mut resolved = Vec::new();
        for start in self.starts(source) {
            let path = normalised(&start.join(text));
            // An absolute path names a file of the machine, not of the project.
            let is_elsewhere = text.starts_with('/') && !path.starts_with(&self.root);
            if !is_elsewhere && self.is_guessed(&path, kind) {
                return None;
            }
            resolved.push(path);
        }
        Some(resolved)
    }

    fn starts(&self, source: &PathSource) -> Vec<Utf8PathBuf> {
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
