//! What lies among a stack's files and is none of them: other stacks, and states under names of their own.

use std::{collections::HashSet, sync::Arc};

use camino::{Utf8Path, Utf8PathBuf};

use crate::{config::FILE_NAME, engine::detect::LOCKFILE};

/// Folders and files that are no inputs, wherever a walk comes upon them.
#[derive(Debug, Clone, Default)]
pub struct Apart {
    /// The folders of all stacks: one set for all of them, or ten thousand stacks had ten thousand lists of ten thousand.
    stacks: Arc<HashSet<Utf8PathBuf>>,
    /// Folders and files that hold a state.
    states: Vec<Utf8PathBuf>,
    /// The stack's own folder, which is one of those.
    own: Utf8PathBuf,
    /// environments.toml and the stack's lockfile, which a plan is bound to as items of their own.
    items: [Utf8PathBuf; 2],
}

impl Apart {
    /// The folders of all stacks, and the folders and files that hold a state under a name of their own.
    pub fn new(stacks: &Arc<HashSet<Utf8PathBuf>>, states: Vec<Utf8PathBuf>) -> Self {
        Self { stacks: Arc::clone(stacks), states, ..Self::default() }
    }

    /// Returns these folders and files for the stack in a folder of the project at `root`.
    pub(super) fn seen_from(self, own: &Utf8Path, root: &Utf8Path) -> Self {
        let items = [root.join(FILE_NAME), own.join(LOCKFILE)];
        Self { own: own.to_owned(), items, ..self }
    }

    /// Returns true if a plan is bound to a file by an item of its own, so that it is none of the stack's files.
    pub(super) fn is_bound_apart(&self, file: &Utf8Path) -> bool {
        self.items.iter().any(|bound| bound == file)
    }

    /// Whether a folder is that of another stack, or one that holds states.
    pub(super) fn has_folder(&self, folder: &Utf8Path) -> bool {
        (self.stacks.contains(folder) && folder != self.own)
            || self.states.iter().any(|state| state == folder)
    }

    /// The names of states directly in a folder.
    pub(super) fn states_in<'a>(&'a self, folder: Option<&'a Utf8Path>) -> impl Iterator<Item = &'a str> {
        self.states.iter().filter(move |state| state.parent() == folder).filter_map(|state| state.file_name())
    }
}
