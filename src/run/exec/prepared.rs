//! Instances prepared for one command outside a run: `output`, `exec`, `shell`.

use std::{borrow::Cow, collections::HashMap, ffi::OsString, sync::Arc};

use camino::Utf8PathBuf;

use crate::{
    config::{Config, Environment},
    engine::{
        EngineError, GivenFlags, LockfilePolicy, Progress, Session, StateMove, TypedColors,
        keep_address_secrets,
    },
    executor::{Answer, Prompt, PromptResult, ReadyStack, SecretUse, Upstreams},
    journal::{CommandDir, RunStore},
    model::{CreateWorkspace, EnvName, Failure, FailureKind, GuardException, InstanceId, StackId},
    process::{Redactor, Runner},
    run::{
        Context, StackFailed, Stopped,
        environment_lock::{self, EnvironmentLock},
        project::ValidatedInventory,
        raw_output_recovery::{Masking, recover_raw_output},
        ready_stacks::{CommandNeeds, IdentityCheck, ReadyRequest, ReadyStacks, check_identity, ready},
    },
};

/// Preparation of an instance before the command of the user runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WorkspaceCheck {
    /// Checks first that the workspace exists, because the command would create a missing one.
    CheckFirst,
    /// Runs the init without the check of the workspace: the command creates no workspace, or creating one is its purpose.
    NoCheck,
    /// No init before the command, because it moves the state away from the current backend.
    NoInit,
}

/// Instances that can be passed to their engines.
pub(crate) struct PreparedInstances {
    /// Runner of programs.
    pub(crate) runner: Arc<Runner>,
    /// Folder for the engines' files and logs; no other envctl process writes to it, and it is removed on drop.
    _own: CommandDir,
    ready_stacks: HashMap<StackId, ReadyStack>,
    upstreams: Upstreams,
    /// Handling of missing workspaces by stack.
    create_workspace: HashMap<StackId, CreateWorkspace>,
    store: RunStore,
    environment: EnvName,
    secret_use: SecretUse,
    /// Folder of the engines' logs.
    logs: Utf8PathBuf,
}

impl PreparedInstances {
    /// Loads the instances of these stacks and prepares all that needs no engine: no init is started.
    pub(crate) fn load(
        context: &Context,
        config: &Config,
        validated: &ValidatedInventory,
        environment: &Environment,
        stacks: &[StackId],
        allow: &[GuardException],
        needs: CommandNeeds,
    ) -> anyhow::Result<Self> {
        let ValidatedInventory { inventory, modules } = validated;
        let runner = Arc::new(Runner::new());
        context.mask_secrets_of(&runner);
        let store = RunStore::new(config.root());
        let graph = inventory.graph().subgraph(stacks);
        let own = store.command_dir(&environment.name)?;
        let logs = own.path().to_owned();
        let request = ReadyRequest {
            config,
            environment,
            inventory,
            modules,
            graph: &graph,
            allow,
            needs,
            identity: IdentityCheck::Later,
            runner: &runner,
            home: store.envctl_dir()?,
            inputs_dir: &logs,
        };
        let ReadyStacks { work, upstreams, .. } = ready(context, &request)?;
        let instances = inventory.instances().filter(|i| work.contains_key(&i.id.stack));
        let create_workspace = instances.map(|i| (i.id.stack.clone(), i.settings.create_workspace)).collect();
        Ok(Self {
            runner,
            _own: own,
            ready_stacks: work,
            upstreams,
            create_workspace,
            store,
            environment: environment.name.clone(),
            secret_use: needs.secrets,
            logs,
        })
    }

    /// Applies the lock file policy of a typed command, so that envctl's own init before it does not refuse the change.
    pub(crate) fn allow_lockfile_changes(&mut self, args: &[OsString]) {
        if let Some(policy) = LockfilePolicy::of_typed(args) {
            for work in self
                .ready_stacks
                .values_mut()
                .filter(|work| work.target.lockfile != LockfilePolicy::Unwritten)
            {
                work.target.lockfile = policy;
            }
        }
    }

    /// Sets the colours in the output of a typed command.
    pub(crate) fn set_typed_colors(&mut self, colors: TypedColors) {
        for work in self.ready_stacks.values_mut() {
            work.target.typed_colors = colors;
        }
    }

    /// Returns the flags of the running command without the values that any of the stacks hides.
    pub(crate) fn given_flags(&self) -> GivenFlags {
        let flags = self.ready_stacks.values().next().map(|work| GivenFlags::clone(&work.target.given_flags));
        flags.unwrap_or_default()
    }

    /// Returns true if a command may change a state of any of the stacks.
    pub(crate) fn is_mutating(&self, args: &[OsString]) -> bool {
        self.ready_stacks.values().any(|work| work.engine.is_mutating(args))
    }

    /// Adds the values that a stack takes from outputs of other stacks, for a command that needs them.
    pub(crate) fn with_values<'w>(
        &self,
        work: &'w ReadyStack,
        session: &Session<'_>,
    ) -> Result<Cow<'w, ReadyStack>, EngineError> {
        self.upstreams.with_outputs(work, session)
    }

    /// Returns the states that a typed `init` would move to other addresses, or replace by others.
    pub(super) fn state_moves(
        &self,
        stacks: &[StackId],
        args: &[OsString],
    ) -> anyhow::Result<Vec<StateMove>> {
        let mut moves = Vec::new();
        for (stack, work) in stacks.iter().filter_map(|stack| Some((stack, self.ready_stacks.get(stack)?))) {
            let found = work.engine.state_move(&work.target, args);
            moves.extend(found.map_err(|error| self.engine_error(stack, error))?);
        }
        Ok(moves)
    }

    /// Runs the identity check, if the environment has one; returns the identity, or refuses another one.
    pub(crate) fn check_identity(
        &mut self,
        context: &Context,
        config: &Config,
        environment: &Environment,
    ) -> anyhow::Result<Option<String>> {
        check_identity(context, config, environment, &mut self.ready_stacks, &self.runner)
    }

    /// Returns the redactor that masks the secrets of the prepared stacks.
    pub(crate) fn redactor(&self) -> &Redactor {
        self.runner.redactor()
    }

    /// Locks the environment for a verb that changes it; the lock is held until the result is dropped. Raw output that a
    /// killed envctl left in the environment is recovered.
    pub(crate) fn lock_environment(&self, context: &Context, verb: &str) -> anyhow::Result<EnvironmentLock> {
        let environment_lock = environment_lock::take(context, &self.store, &self.environment, verb, None)?;
        let stacks: Vec<StackId> = self.ready_stacks.keys().cloned().collect();
        let masking = Masking { redactor: self.runner.redactor(), stacks: &stacks };
        let is_complete = self.secret_use == SecretUse::Required;
        recover_raw_output(context, &self.store, Some(&self.environment), is_complete.then_some(masking));
        Ok(environment_lock)
    }

    /// Returns the instances whose states only an exception of `--allow` accepted.
    pub(crate) fn accepted_states(&self) -> Vec<InstanceId> {
        let targets = self.ready_stacks.values().map(|work| &work.target);
        targets
            .filter(|target| target.state_exception.was_used())
            .map(|target| target.instance.clone())
            .collect()
    }

    /// Calls `act` for one instance, after its init and with its workspace selected. A missing workspace is created only if
    /// the configuration or the user says so.
    pub(crate) fn with_instance<T>(
        &self,
        context: &Context,
        stack: &StackId,
        workspace_check: WorkspaceCheck,
        act: impl FnOnce(&ReadyStack, &Session<'_>) -> Result<T, EngineError>,
    ) -> anyhow::Result<T> {
        let Some(work) = self.ready_stacks.get(stack) else {
            return Err(stack_error(stack, Failure::new(FailureKind::Defect, "it was not prepared")));
        };
        let log = self.logs.join(stack.file_name() + ".log");
        let printer = Arc::clone(&context.printer);
        let observer = |progress: Progress| {
            if let Progress::Note(note) = progress {
                printer.warn(format_args!("`{stack}`: {note}"));
            }
        };
        let session = Session { runner: &self.runner, log: &log, observer: &observer };
        let prepare = |create| match workspace_check {
            WorkspaceCheck::CheckFirst => {
                work.engine.enter(&work.target, create, work.accept_lineage, &session)
            }
            WorkspaceCheck::NoInit => Ok(()),
            WorkspaceCheck::NoCheck => work.engine.prepare(&work.target, create, &session),
        };
        let mut prepared = prepare(work.create_workspace);
        if let Err(EngineError::MissingWorkspace { wanted, .. }) = &prepared
            && self.create_workspace.get(stack) == Some(&CreateWorkspace::Ask)
            && context.terminal.interactive
            && !context.read_only
        {
            let question = format!("Create workspace `{wanted}` for stack `{stack}`?");
            match context.interrupts.ask(&Prompt::YesNo { question }, &context.prompter) {
                PromptResult::Answered(Answer::Yes) => prepared = prepare(true),
                PromptResult::Answered(_) => {}
                PromptResult::Failed(error) => return Err(error.into()),
                PromptResult::Interrupted(signal) => return Err(Stopped::interrupted(Some(signal)).into()),
            }
        }
        let done = prepared.and_then(|()| act(work, &session));
        if let Err(failure) = keep_address_secrets(&work.target.state_dir, self.runner.redactor()) {
            printer.warn(format_args!("`{stack}`: {failure}"));
        }
        done.map_err(|error| match error {
            EngineError::Interrupted { .. } => Stopped::interrupted(context.interrupts.signal()).into(),
            error => self.engine_error(stack, error),
        })
    }

    /// Returns the error of a verb for the error of an engine in one stack.
    fn engine_error(&self, stack: &StackId, error: EngineError) -> anyhow::Error {
        match error {
            EngineError::Failed(failure)
            | EngineError::WrongBackend(failure)
            | EngineError::KeptLockfile(failure) => stack_error(stack, failure),
            EngineError::MissingWorkspace { wanted, existing } => {
                let message = format!("workspace `{wanted}` of stack `{stack}` does not exist");
                let words = format!("plan {} --create-workspace", self.environment);
                let plan = self.given_flags().command_with_values(&words);
                let mut stopped =
                    Stopped::refused(message).hint(format!("`{plan}` makes it; check its name first"));
                if !existing.is_empty() {
                    stopped = stopped.hint(format!("there are: {}", existing.join(", ")));
                }
                stopped.into()
            }
            EngineError::Excluded(why) => {
                Stopped::refused(format!("stack `{stack}` is left out: {why}")).into()
            }
            EngineError::Interrupted { .. } => Stopped::interrupted(None).into(),
        }
    }
}

fn stack_error(stack: &StackId, failure: Failure) -> anyhow::Error {
    StackFailed { stack: stack.to_string(), failure }.into()
}
