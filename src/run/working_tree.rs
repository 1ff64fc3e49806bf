//! Git revision that a run starts from, requested while its first engines already run.

use std::{sync::Arc, thread::JoinHandle};

use super::{Context, open::Opened};
use crate::{
    config::Config,
    event::{EventKind, Revision},
    git,
    process::Runner,
};

/// Request to git, or its answer.
pub(crate) enum WorkingTree {
    /// Git may still be running.
    Asked(JoinHandle<Revision>),
    /// Answer of git.
    Told(Revision),
}

impl WorkingTree {
    /// Starts the request about the repository that contains environments.toml.
    pub(super) fn ask(context: &Context, config: &Config, runner: &Arc<Runner>) -> Self {
        let (runner, root, env) = (Arc::clone(runner), config.root().to_owned(), context.env.clone());
        Self::Asked(std::thread::spawn(move || git::revision(&runner, &root, &env)))
    }

    /// Returns git's answer, or an empty revision before it has arrived.
    pub(crate) fn revision(&self) -> Revision {
        match self {
            Self::Asked(_) => Revision::default(),
            Self::Told(revision) => revision.clone(),
        }
    }
}

impl Opened {
    /// Waits for git's answer, and records it in the journal.
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
