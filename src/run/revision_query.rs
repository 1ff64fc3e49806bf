//! Git revision that a run starts from, requested while its first engines already run.

use std::{sync::Arc, thread::JoinHandle};

use super::Context;
use crate::{config::Config, event::Revision, git, process::Runner};

/// Request to git, or its answer.
pub(crate) enum RevisionQuery {
    /// Git may still be running.
    Asked(JoinHandle<Revision>),
    /// Answer of git.
    Answered(Revision),
}

impl RevisionQuery {
    /// Starts the request about the repository that contains environments.toml.
    pub(super) fn ask(context: &Context, config: &Config, runner: &Arc<Runner>) -> Self {
        let (runner, root, env) = (Arc::clone(runner), config.root().to_owned(), context.env.clone());
        Self::Asked(std::thread::spawn(move || git::revision(&runner, &root, &env)))
    }

    /// Returns git's answer, or an empty revision before it has arrived.
    pub(crate) fn revision(&self) -> Revision {
        match self {
            Self::Asked(_) => Revision::default(),
            Self::Answered(revision) => revision.clone(),
        }
    }
}
