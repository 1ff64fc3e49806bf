//! What the plan of a stack may read outside of its own folder, as places to look for changed paths in.

use std::{collections::BTreeSet, sync::Arc};

use camino::Utf8PathBuf;

use super::{InputScope, gone::Gone, literals::Literals};

/// The trees that stacks are followed through, now and as it was: files that several of them read are read once.
#[derive(Debug, Default)]
pub(in super::super) struct Reader {
    literals: Literals,
    gone: Arc<Gone>,
}

/// Places that the configuration of a stack leads to.
#[derive(Debug, Default)]
pub(in super::super) struct Reach {
    /// Folders of local modules at any depth, without the stack's own.
    pub(in super::super) modules: Vec<Utf8PathBuf>,
    /// Folders that configuration names.
    pub(in super::super) folders: Vec<Utf8PathBuf>,
    /// Those among them that hold the stack: of them only the files count that lie in them directly.
    pub(in super::super) above: Vec<Utf8PathBuf>,
    /// Files that configuration names.
    pub(in super::super) files: BTreeSet<Utf8PathBuf>,
    /// Those of them that configuration takes in: what a unit includes or reads.
    pub(in super::super) taken_in: BTreeSet<Utf8PathBuf>,
    /// Files that call a module by an expression.
    pub(in super::super) computed: BTreeSet<Utf8PathBuf>,
    /// Files that read others at paths that only the engine works out.
    pub(in super::super) guessed: BTreeSet<Utf8PathBuf>,
    /// The files of configuration that were read.
    pub(in super::super) read: BTreeSet<Utf8PathBuf>,
}

impl Reader {
    /// A reader for whom files that are gone count as well.
    pub(in super::super) fn new(gone: Gone) -> Self {
        Self { literals: Literals::default(), gone: Arc::new(gone) }
    }

    /// Where a stack's configuration leads. `installed` are folders of modules that an engine found.
    pub(in super::super) fn reach(&self, scope: InputScope, installed: &[Utf8PathBuf]) -> Reach {
        let scope = scope.with_gone(&self.gone);
        let found = scope.followed(installed, &self.literals);
        let (above, folders) =
            found.folders.into_named().into_iter().partition(|folder| scope.dir.starts_with(folder));
        let taken_in = found.read.iter().filter(|file| found.files.contains(*file)).cloned().collect();
        let modules = found.modules.into_iter().filter(|dir| *dir != scope.dir).collect();
        let (files, computed, guessed, read) = (found.files, found.computed, found.guessed, found.read);
        Reach { modules, folders, above, files, taken_in, computed, guessed, read }
    }
}
