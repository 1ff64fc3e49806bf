//! Paths inside a stack's folder that are not its inputs: other stacks, and states under custom names.

use std::{collections::HashSet, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{config::FILE_NAME, engine::detect::LOCKFILE};

/// Folders and files that are excluded from a stack's inputs.
#[derive(Debug, Clone, Default)]
pub struct ExcludedPaths {
    /// Folders of all stacks, shared between them: copies for ten thousand stacks would hold a hundred million paths.
    stacks: Arc<HashSet<Utf8PathBuf>>,
    /// Folders and files that hold a state under a custom name.
    states: Vec<Utf8PathBuf>,
    /// Folder of this stack, which is in `stacks` too.
    own: Utf8PathBuf,
    /// environments.toml and the stack's lock file, which the manifest of a plan records as items of their own.
    separately_bound: [Utf8PathBuf; 2],
}

impl ExcludedPaths {
    /// Returns the exclusions by the folders of all stacks and the folders and files that hold a state under a custom name.
    pub fn new(stacks: &Arc<HashSet<Utf8PathBuf>>, states: Vec<Utf8PathBuf>) -> Self {
        Self { stacks: Arc::clone(stacks), states, ..Self::default() }
    }

    /// Returns the exclusions for the stack in the folder `own` of the project at `root`.
    pub(super) fn for_stack(self, own: &Utf8Path, root: &Utf8Path) -> Self {
        let separately_bound = [root.join(FILE_NAME), own.join(LOCKFILE)];
        Self { own: own.to_owned(), separately_bound, ..self }
    }

    /// Returns true if the manifest of a plan records the file as an item of its own, so that it is not one of the stack's
    /// files.
    pub(super) fn is_bound_separately(&self, file: &Utf8Path) -> bool {
        self.separately_bound.iter().any(|bound| bound == file)
    }

    /// Returns true if a folder belongs to another stack or holds states.
    pub(super) fn has_folder(&self, folder: &Utf8Path) -> bool {
        (self.stacks.contains(folder) && folder != self.own)
            || self.states.iter().any(|state| state == folder)
    }

    /// Returns the file names of the states directly in a folder.
    pub(super) fn states_in<'a>(&'a self, folder: Option<&'a Utf8Path>) -> impl Iterator<Item = &'a str> {
        self.states.iter().filter(move |state| state.parent() == folder).filter_map(|state| state.file_name())
    }
}
