//! Resolution of path texts (in defaults, var files and module arguments) to the files and folders that may be read.

use std::collections::BTreeSet;

use camino::Utf8PathBuf;

use super::InputScope;
use crate::{
    files::normalised,
    hcl::eval::{PathBase, PathUse, leads_up},
    inventory::plan_inputs::{path_refs::RefKind, variable_flow::PathSource, words::known_folder},
};

impl InputScope {
    /// Returns the files and folders that the texts resolve to, and the configuration files with a read that cannot be
    /// resolved.
    pub(super) fn weighed(
        &self,
        ways: BTreeSet<PathSource>,
    ) -> (BTreeSet<Utf8PathBuf>, BTreeSet<Utf8PathBuf>) {
        let (mut paths, mut guessed) = (BTreeSet::new(), BTreeSet::new());
        for way in ways {
            match self.led(&way) {
                Some(found) => paths.extend(found),
                None => drop(guessed.insert(way.reader)),
            }
        }
        (paths, guessed)
    }

    /// Resolves one text to paths; absent when the file may lie in a folder whose files are not all inputs.
    fn led(&self, way: &PathSource) -> Option<Vec<Utf8PathBuf>> {
        let leads_up = leads_up(&way.text);
        let is_whole = !way.is_open && [PathUse::Whole, PathUse::Below].contains(&way.path);
        let text = match way.path {
            // Without `..`, the path stays in a folder whose files are inputs already.
            PathUse::Inside | PathUse::Altered | PathUse::Begins if !leads_up => return Some(Vec::new()),
            PathUse::Inside | PathUse::Altered => return None,
            PathUse::Whole | PathUse::Below | PathUse::Begins if is_whole => &way.text,
            PathUse::Whole | PathUse::Below | PathUse::Begins => known_folder(&way.text)?,
        };
        let aim = if is_whole && way.path == PathUse::Whole { RefKind::Read } else { RefKind::ReadBelow };
        let mut led = Vec::new();
        for start in self.starts(way) {
            let path = normalised(&start.join(text));
            // An absolute path names a file of the machine, not of the project.
            let is_elsewhere = text.starts_with('/') && !path.starts_with(&self.root);
            if !is_elsewhere && self.is_guessed(&path, aim) {
                return None;
            }
            led.push(path);
        }
        Some(led)
    }

    fn starts(&self, way: &PathSource) -> Vec<Utf8PathBuf> {
        let own = way.file.parent().unwrap_or(&self.dir).to_owned();
        match way.base {
            PathBase::Own => vec![own],
            PathBase::Repository => {
                self.dir.ancestors().filter(|dir| dir.join(".git").exists()).map(Into::into).collect()
            }
            PathBase::Stack | PathBase::Named | PathBase::Computed | PathBase::Above => {
                vec![self.dir.clone(), own]
            }
        }
    }
}
