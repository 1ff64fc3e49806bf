//! Instances made ready for one command outside a run: `output`, `exec`, `shell`.

use std::{collections::HashMap, sync::Arc};

use camino::Utf8PathBuf;

use super::{Context, StackFailed, Stopped};
use crate::{
    config::Config,
    engine::{EngineError, Progress, Session},
    executor::{Answer, Ask, Assembly, Work},
    inventory::{Inventory, Modules},
    journal::RunStore,
    model::{CreateWorkspace, Failure, FailureKind, StackId},
    process::Runner,
};

/// Instances that can be handed to their engines.
pub(super) struct Prepared {
    /// Starts programs.
    pub(super) runner: Arc<Runner>,
    works: HashMap<StackId, Work>,
    asks: HashMap<StackId, CreateWorkspace>,
    logs: Utf8PathBuf,
}

impl Prepared {
    /// Builds what the engines of these stacks need; starts no engine's work yet.
    pub(super) fn load(
        context: &Context,
        config: &Config,
        sound: &(Inventory, Modules),
        stacks: &[StackId],
    ) -> anyhow::Result<Self> {
        let (inventory, modules) = sound;
        let runner = Arc::new(Runner::new());
        let store = RunStore::new(config.root());
        let home = store.envctl_dir()?;
        let logs = home.join("logs");
        std::fs::create_dir_all(&logs)?;
        let graph = inventory.graph().subgraph(stacks);
        let assembly = Assembly { config, home, env: &context.env, runner: &runner, modules };
        let instances: Vec<_> =
            inventory.instances().filter(|i| graph.contains(i.id.stack.as_str())).collect();
        let works = assembly.works(&instances, &graph, &[])?;
        let asks = instances.iter().map(|i| (i.id.stack.clone(), i.settings.create_workspace)).collect();
        Ok(Self { runner, works, asks, logs })
    }

    /// Does something with one instance, initialised and in its workspace, which is made only on purpose.
    pub(super) fn with<T>(
        &self,
        context: &Context,
        stack: &StackId,
        act: impl FnOnce(&Work, &Session<'_>) -> Result<T, EngineError>,
    ) -> anyhow::Result<T> {
        let Some(work) = self.works.get(stack) else {
            return Err(failed(stack, Failure::new(FailureKind::Defect, "it was not prepared")));
        };
        let log = self.logs.join(stack.file_name() + ".log");
        let observer = |_: Progress| {};
        let session = Session { runner: &self.runner, log: &log, observer: &observer };
        let prepare = |create| work.engine.prepare(&work.target, create, false, &session);
        let mut prepared = prepare(work.create_workspace);
        if let Err(EngineError::MissingWorkspace { wanted, .. }) = &prepared
            && self.asks.get(stack) == Some(&CreateWorkspace::Ask)
            && context.terminal.interactive
        {
            let question =
                format!("Workspace `{wanted}` of `{}` does not exist. Make it?", work.target.instance);
            if context.prompter.ask(&Ask::YesNo { question })? == Answer::Yes {
                prepared = prepare(true);
            }
        }
        prepared.and_then(|()| act(work, &session)).map_err(|error| engine_error(stack, error))
    }
}

fn engine_error(stack: &StackId, error: EngineError) -> anyhow::Error {
    match error {
        EngineError::Failed(failure) => failed(stack, failure),
        EngineError::MissingWorkspace { wanted, existing } => {
            let message = format!("workspace `{wanted}` of stack `{stack}` does not exist");
            let mut stopped = Stopped::refused(message).hint("`--create-workspace` makes it");
            if !existing.is_empty() {
                stopped = stopped.hint(format!("there are: {}", existing.join(", ")));
            }
            stopped.into()
        }
        EngineError::Interrupted { .. } => Stopped {
            status: crate::model::ExitStatus::Interrupted(2),
            message: "interrupted".to_owned(),
            hints: Vec::new(),
        }
        .into(),
    }
}

fn failed(stack: &StackId, failure: Failure) -> anyhow::Error {
    StackFailed { stack: stack.to_string(), failure }.into()
}
