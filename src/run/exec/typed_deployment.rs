//! Record of the stacks that commands of `envctl exec` change: no journal has them, and a stack that is gone from the files
//! is reported only if it was deployed.

use std::{ffi::OsString, fmt::Display};

use crate::{
    config::Config,
    engine::{EngineError, Intent, Session},
    executor::ReadyStack,
    git::revision,
    inventory::Inventory,
    journal::{RunStore, new_run_id},
    model::{EnvName, Failure, FailureKind, StackId},
    process::{Exit, Runner},
    run::{
        Context,
        last_deployment::LastDeployment,
        run_history::{PastRun, past_runs},
    },
};

/// Recorder of the deployments by one typed command.
pub(crate) struct TypedDeployments<'a> {
    context: &'a Context,
    store: RunStore,
    environment: &'a EnvName,
    typed: &'a Intent,
    args: &'a [OsString],
    inventory: &'a Inventory,
    commit: Option<String>,
    past: Vec<PastRun>,
}

impl<'a> TypedDeployments<'a> {
    /// Reads the commit of the working tree and, for a migration, the runs before it.
    pub(crate) fn new(
        context: &'a Context,
        config: &Config,
        inventory: &'a Inventory,
        environment: &'a EnvName,
        typed: &'a Intent,
        args: &'a [OsString],
        runner: &Runner,
    ) -> anyhow::Result<Self> {
        let commit = revision(runner, config.root(), &context.env).commit;
        let mut past = Vec::new();
        if *typed == Intent::MigrateState {
            let history = past_runs(config)?;
            history.unreadable.iter().for_each(|run| run.print(context));
            past = history.runs;
        }
        let store = RunStore::new(config.root());
        Ok(Self { context, store, environment, typed, args, inventory, commit, past })
    }

    /// Records a command that may create resources before it starts: envctl may be killed while it runs.
    pub(crate) fn record_before(&self, stack: &StackId) -> Result<(), EngineError> {
        let creates = match self.typed {
            Intent::Everything { creates_resources, .. } => *creates_resources,
            Intent::PlanFile { .. } => true,
            _ => false,
        };
        if creates { self.record(stack, false) } else { Ok(()) }
    }

    /// Records a command that brought resources into a state, or that left none, after it ended.
    pub(crate) fn record_after(
        &self,
        stack: &StackId,
        work: &ReadyStack,
        exit: Exit,
        session: &Session<'_>,
    ) -> Result<(), EngineError> {
        if !exit.is_success() {
            return Ok(());
        }
        match self.typed {
            Intent::Named { forgets: false, .. } | Intent::Push { .. } => self.record(stack, false),
            Intent::MigrateState if !self.was_destroyed(stack)? => self.record(stack, false),
            Intent::Everything { .. } | Intent::PlanFile { .. } if self.may_destroy() => {
                let left = work.engine.state_addresses(&work.target, session)?;
                if left.is_empty() { self.record(stack, true) } else { Ok(()) }
            }
            _ => Ok(()),
        }
    }

    /// Returns true if the command may leave no resource: it destroys, or applies a plan that may.
    fn may_destroy(&self) -> bool {
        let destroys = |arg: &OsString| arg.to_string_lossy().trim_start_matches('-').starts_with("destroy");
        matches!(self.typed, Intent::PlanFile { .. }) || self.args.iter().any(destroys)
    }

    fn was_destroyed(&self, stack: &StackId) -> Result<bool, EngineError> {
        let name = stack.file_name();
        LastDeployment::find(&self.store, &self.past, self.environment, &name, None)
            .map(|found| found.is_some_and(|deployment| deployment.destroyed))
            .map_err(|error| record_error(stack, error))
    }

    fn record(&self, stack: &StackId, destroyed: bool) -> Result<(), EngineError> {
        let Some(instance) = self.inventory.get(stack.as_str()) else {
            return Err(record_error(stack, "the stack is not declared"));
        };
        let deployment = LastDeployment {
            run: new_run_id(&*self.context.clock),
            stack: stack.clone(),
            path: instance.path.to_string(),
            workspace: instance.workspace().map(str::to_owned),
            commit: self.commit.clone(),
            destroyed,
            typed: true,
        };
        deployment.keep(&self.store, self.environment).map_err(|error| record_error(stack, error))
    }
}

fn record_error(stack: &StackId, error: impl Display) -> EngineError {
    let summary = format!("cannot use the record of the last deployment of `{stack}`: {error}");
    EngineError::Failed(Failure::new(FailureKind::Unknown, summary))
}
