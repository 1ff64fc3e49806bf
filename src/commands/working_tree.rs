//! What git says of the working tree a run starts from, asked while its first engines already run.

use std::{sync::Arc, thread::JoinHandle};

use super::{Context, opening::Opened};
use crate::{
    config::Config,
    event::{EventKind, Revision},
    inventory,
    process::Runner,
};

/// The one question to git, and its answer once somebody needed it.
pub(super) enum WorkingTree {
    /// Git may still be at it.
    Asked(JoinHandle<Revision>),
    /// As it was told.
    Told(Revision),
}

impl WorkingTree {
    /// Begins to ask about the tree that holds environments.toml.
    pub(super) fn ask(context: &Context, config: &Config, runner: &Arc<Runner>) -> Self {
        let (runner, root, env) = (Arc::clone(runner), config.root().to_owned(), context.env.clone());
        Self::Asked(std::thread::spawn(move || inventory::revision(&runner, &root, &env)))
    }

    /// As far as it was told: nothing is known before.
    pub(super) fn revision(&self) -> Revision {
        match self {
            Self::Asked(_) => Revision::default(),
            Self::Told(revision) => revision.clone(),
        }
    }
}

impl Opened {
    /// Waits for git's answer, and puts it into the record of the run.
    pub(super) fn hear_revision(&mut self) -> anyhow::Result<()> {
        let unknown = WorkingTree::Told(Revision::default());
        let WorkingTree::Asked(answer) = std::mem::replace(&mut self.working_tree, unknown) else {
            return Ok(());
        };
        let revision = answer.join().unwrap_or_default();
        self.working_tree = WorkingTree::Told(revision.clone());
        Ok(self.deployment.dispatcher().emit(EventKind::WorkingTree(revision))?)
    }
}
