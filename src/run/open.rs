//! Opens a run: loads, checks and builds everything before the first engine plans.

use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc, thread};

use super::{
    Context, RunRequest, Stop, Stopped, actor,
    emitter::emitter,
    environment_guards::EnvironmentGuards,
    environment_lock::{self, EnvironmentLock},
    next_commands::NextCommands,
    preflight::{
        allowed_names::check_allowed_names,
        checklist,
        dependents::refuse_left_dependents,
        excludes::{check_engine_versions_exclude, check_engines_exclude},
        given_values::check_given_values,
        gone_stacks::undeclared_stacks,
        known_addresses::check_addresses,
        output_inputs::refuse_input_files,
    },
    project::ValidatedInventory,
    raw_output_recovery::{Masking, recover_raw_output},
    ready_stacks::{CommandNeeds, IdentityCheck, ReadyRequest, ReadyStacks, ready},
    request::RunMode,
    revision_query::RevisionQuery,
    selection::{SelectedStacks, suggest_reuse_age},
    started_run::Run,
    upstream_flags::OutsideVariables,
};
use crate::{
    config::{Config, Environment, EnvironmentScope},
    engine::{GivenFlags, PlanMode},
    event::{EventKind, RunStack},
    executor::{
        Deployment, DeploymentParts, Dispatcher, InterruptHandler, PlanOptions, RunContext, RunStacks,
        SecretUse, Worker, shown_flags,
    },
    graph::{SelectedStack, SelectionReason, StackGraph},
    inventory::{Instance, Inventory, Modules},
    journal::{Durations, FORMAT, Journal, RunDir, RunStore, Stopwatch, new_run_id},
    model::{CreateWorkspace, RunId, RunVerb, StackId},
    plans::{ProjectKey, StoredRequest, guards::MissingUpstreams},
    process::Runner,
};

fn plan_options(request: &RunRequest, run_mode: RunMode) -> PlanOptions {
    PlanOptions {
        mode: run_mode.mode,
        targets: request.targets.clone(),
        excludes: request.excludes.clone(),
        replace: request.replace.clone(),
        reuse: request.reuse,
    }
}

/// Opens a run in four stages, each of which needs the one before: `SelectedRun`, `ReadyRun`, `RecordedRun` and `Run`.
pub(crate) fn open(context: &Context, request: &RunRequest, run_mode: RunMode) -> anyhow::Result<Run> {
    let runner = Arc::new(Runner::new());
    context.mask_secrets_of(&runner);
    let mut changes = context.query_changes(&request.selection, &runner)?;
    let config = context.config()?;
    let environment = context.environment(&config, request.environment.as_deref())?;
    let scope = RunScope { context, request, run_mode, config: &config, environment, runner: &runner };
    Ok(SelectedRun::select(scope, &mut changes)?.make_ready()?.record()?.start())
}

/// Request of a run, with the loaded environment that it names.
#[derive(Clone, Copy)]
struct RunScope<'a> {
    context: &'a Context,
    request: &'a RunRequest,
    run_mode: RunMode,
    config: &'a Config,
    environment: &'a Environment,
    runner: &'a Arc<Runner>,
}

impl<'a> RunScope<'a> {
    fn environment_scope(self) -> EnvironmentScope<'a> {
        EnvironmentScope { config: self.config, environment: self.environment }
    }
}

/// Run whose stacks are selected and checked; no file is written and no engine started.
struct SelectedRun<'a> {
    scope: RunScope<'a>,
    revision_query: RevisionQuery,
    inventory: Inventory,
    modules: Modules,
    selection: SelectedStacks,
    stacks: Vec<StackId>,
    graph: StackGraph,
    /// Flags that suggested commands repeat, without hidden values.
    given_flags: GivenFlags,
}

/// Run that has a folder and, if it changes anything, the lock of the environment; its stacks can be passed to their engines.
struct ReadyRun<'a> {
    selected: SelectedRun<'a>,
    store: RunStore,
    project_key: ProjectKey,
    id: RunId,
    lock: Option<EnvironmentLock>,
    dir: RunDir,
    stacks: ReadyStacks,
}

/// Run whose request and journal are stored, and which handles the signals of the user.
struct RecordedRun<'a> {
    ready: ReadyRun<'a>,
    dispatcher: Dispatcher,
}

impl<'a> SelectedRun<'a> {
    /// Loads and checks the project, and selects the stacks.
    fn select(scope: RunScope<'a>, changes: &mut super::selection::ChangesQuery) -> anyhow::Result<Self> {
        let RunScope { context, request, run_mode, config, environment, runner } = scope;
        check_flags(scope)?;
        let revision_query = RevisionQuery::ask(context, config, runner);
        let programs = run_mode.started_programs(request, context.read_only);
        let (ValidatedInventory { inventory, modules }, value_errors) =
            context.validated_inventory_and_values(config, environment, run_mode.classes(), programs)?;
        check_allowed_names(scope.environment_scope(), &inventory, &request.allow)?;
        let selection = select_stacks(scope, &inventory, &modules, changes)?;
        let stacks = selection.stacks.iter().map(|selected| selected.stack.clone()).collect::<Vec<_>>();
        let graph = inventory.graph().subgraph(&stacks);
        check_given_values(
            &inventory,
            &modules,
            &stacks,
            run_mode.makes_plans(request).then_some(value_errors),
        )?;
        if run_mode.mode == PlanMode::Destroy {
            refuse_left_dependents(context, environment, &inventory, &stacks)?;
        }
        let instances = instances_of(&inventory, &graph);
        let given_flags = shown_flags(context.given_flags(), &instances, &modules);
        Ok(Self { scope, revision_query, inventory, modules, selection, stacks, graph, given_flags })
    }

    /// Returns the instances of the run.
    fn instances(&self) -> Vec<&Instance> {
        instances_of(&self.inventory, &self.graph)
    }

    /// Locks the environment if the run changes it, makes the folder of the run, and prepares the stacks.
    fn make_ready(self) -> anyhow::Result<ReadyRun<'a>> {
        let RunScope { context, request, run_mode, config, environment, runner } = self.scope;
        let store = RunStore::new(config.root());
        let id = new_run_id(&*context.clock);
        let project_key = ProjectKey::of_project(store.envctl_dir()?)?;
        context.interrupts.listen()?;
        let lock =
            environment_lock::lock_for_run(context, &store, &environment.name, run_mode, &id, request)?;
        let dir = store.create(&id)?;
        let ready = ready(
            context,
            &ReadyRequest {
                config,
                environment,
                inventory: &self.inventory,
                modules: &self.modules,
                graph: &self.graph,
                allow: &request.allow,
                needs: CommandNeeds { upstream_values: true, secrets: SecretUse::Required },
                identity: IdentityCheck::Now,
                runner,
                home: store.envctl_dir()?,
                inputs_dir: &dir.inputs(),
            },
        );
        let masking = Masking { redactor: runner.redactor(), stacks: &self.stacks };
        recover_raw_output(context, &store, Some(&environment.name), ready.is_ok().then_some(masking));
        // If this fails, no step has started, so the run is not kept.
        let ready =
            ready.and_then(|ready| check_engine_versions_exclude(request, &ready.work).map(|()| ready));
        let stacks = ready.or_else(|error| dir.remove().map_err(Into::into).and(Err(error)))?;
        Ok(ReadyRun { selected: self, store, project_key, id, lock, dir, stacks })
    }
}

impl<'a> ReadyRun<'a> {
    /// Stores the request, takes over the signals of the user, and records the first event. A run that a signal stopped
    /// before is not kept.
    fn record(self) -> anyhow::Result<RecordedRun<'a>> {
        let RunScope { context, request, run_mode, runner, environment, .. } = self.selected.scope;
        self.stored_request().write(&self.project_key, &self.dir.request())?;
        let durations = self.store.durations_file(&environment.name);
        let stopwatch = Stopwatch::new(durations, run_mode.mode == PlanMode::Destroy, request.adopts_plans());
        let cancel = take_signals(context, &self.dir)?;
        let journal = Journal::create(self.dir.clone())?;
        let mut dispatcher = emitter(context, journal, stopwatch, runner, cancel)?;
        dispatcher.emit(self.started())?;
        Ok(RecordedRun { ready: self, dispatcher })
    }

    /// Returns the request that is stored with the run.
    fn stored_request(&self) -> StoredRequest {
        let RunScope { context, request, run_mode, environment, .. } = self.selected.scope;
        StoredRequest {
            command: run_mode.verb,
            destroy: run_mode.mode == PlanMode::Destroy,
            environment: environment.name.clone(),
            replace: request.replace.clone(),
            run: self.id.clone(),
            sets: context.overrides.sets.clone(),
            stacks: self.selected.graph.order(),
            targets: request.targets.clone(),
            excludes: request.excludes.clone(),
            vars: context.overrides.vars.clone(),
            values_removed: false,
        }
    }

    /// Returns the first event of the run.
    fn started(&self) -> EventKind {
        let RunScope { context, request, run_mode, environment, .. } = self.selected.scope;
        let SelectedRun { selection, graph, .. } = &self.selected;
        EventKind::RunStarted {
            format: FORMAT,
            run: self.id.clone(),
            command: run_mode.verb,
            environment: environment.name.clone(),
            user: actor::user(context),
            host: actor::host(),
            resumes: request.resumes.clone(),
            changed_since: selection.changed_since.clone(),
            stacks: run_stacks(&self.selected.instances(), &selection.stacks, graph),
        }
    }
}

impl RecordedRun<'_> {
    /// Builds the steps of the run, its guards, and the commands to type after it.
    fn start(self) -> Run {
        let Self { ready: ReadyRun { selected, store, project_key, id, lock, dir, stacks }, dispatcher } =
            self;
        let RunScope { context, request, run_mode, config, environment, runner } = selected.scope;
        let instances = selected.instances();
        let guards = EnvironmentGuards::new(
            config,
            environment,
            &instances,
            &selected.modules,
            runner,
            &request.allow,
        )
        .with_identity(stacks.acting);
        let engines =
            stacks.work.iter().map(|(stack, work)| (stack.clone(), work.engine.engines())).collect();
        let run_context = RunContext {
            id: id.clone(),
            key: project_key,
            dir,
            clock: Arc::clone(&context.clock),
            runner: Arc::clone(runner),
            options: plan_options(request, run_mode),
        };
        let worker = Worker::new(run_context, RunStacks { stacks: stacks.work, upstreams: stacks.upstreams });
        let missing_upstreams = MissingUpstreams::new(&instances, &selected.graph);
        let outside_variables = OutsideVariables::new(
            &selected.inventory,
            &selected.modules,
            &selected.graph,
            &selected.given_flags,
        );
        let selects_all = selected.stacks.len() == selected.inventory.instances().len();
        let next_commands =
            NextCommands::new(&selected.given_flags, request, run_mode, &id, &environment.name, selects_all);
        let stacks_asking_for_workspace =
            if context.read_only { Vec::new() } else { stacks_asking_for_workspace(&instances) };
        let deployment = Deployment::from(DeploymentParts {
            dispatcher,
            worker: Arc::new(worker),
            graph: selected.graph,
            environment: environment.name.clone(),
            destroy: run_mode.mode == PlanMode::Destroy,
            jobs: jobs(environment),
            engine_jobs: engine_jobs(config),
            engines,
            fail_fast: request.stop == Stop::AtFirstFailure,
            durations: Durations::read(&store.durations_file(&environment.name)),
            eta: request.eta,
        });
        Run {
            deployment,
            id,
            environment: environment.name.clone(),
            needs_confirmation: environment.confirm,
            guards,
            verb: run_mode.verb,
            next_commands,
            given_flags: selected.given_flags,
            outside_variables,
            revision_query: selected.revision_query,
            mode: run_mode.mode,
            eta: request.eta,
            changed_since: selected.selection.changed_since,
            missing_upstreams,
            runner: Arc::clone(runner),
            stacks_asking_for_workspace,
            _lock: lock,
        }
    }
}

/// Hands the user's signals over to the run. A signal that came before ends the run, and its folder is removed.
fn take_signals(context: &Context, dir: &RunDir) -> anyhow::Result<InterruptHandler> {
    let cancel = context.interrupts.hand_over();
    if let Some(signal) = cancel.signal() {
        dir.remove()?;
        return Err(Stopped::interrupted(Some(signal)).into());
    }
    Ok(cancel)
}

/// Returns the instances of the stacks in `graph`.
fn instances_of<'a>(inventory: &'a Inventory, graph: &StackGraph) -> Vec<&'a Instance> {
    inventory.instances().filter(|i| graph.contains(i.id.stack.as_str())).collect()
}

/// Selects the stacks, refuses output files that they depend on, and warns about stacks that were deployed and that no file
/// declares any more. With `--changed`, the selection reports these stacks itself.
fn select_stacks(
    scope: RunScope<'_>,
    inventory: &Inventory,
    modules: &Modules,
    changes: &mut super::selection::ChangesQuery,
) -> anyhow::Result<SelectedStacks> {
    let RunScope { context, request, run_mode, config, environment, .. } = scope;
    let selection = context.select(scope.environment_scope(), inventory, changes);
    let selection = selection.map_err(|error| suggest_reuse_age(error, request.reuse.is_some()))?;
    let stacks: Vec<StackId> = selection.stacks.iter().map(|selected| selected.stack.clone()).collect();
    if run_mode.makes_plans(request) {
        check_engines_exclude(request, inventory, &stacks)?;
        check_addresses(inventory, modules, &RunStore::new(config.root()), &stacks, request)?;
    }
    if run_mode.makes_plans(request) && request.selection.changed_since.is_none() {
        let instances_by_address = || modules.state_owners().as_ref().clone();
        undeclared_stacks(config, &environment.name, Some(inventory), &instances_by_address)?
            .print(context, config);
    }
    refuse_input_files(context, request, inventory, &stacks, config.root())?;
    Ok(selection)
}

/// Refuses flags that do not fit the environment.
fn check_flags(scope: RunScope<'_>) -> anyhow::Result<()> {
    refuse_reuse_with_confirm(scope)?;
    Ok(checklist::check_acks(scope.environment, &scope.request.acks)?)
}

/// Refuses to apply reused plans in an environment with `confirm`.
fn refuse_reuse_with_confirm(scope: RunScope<'_>) -> Result<(), Stopped> {
    let RunScope { context, request, run_mode, environment, .. } = scope;
    if request.reuse.is_some() && environment.confirm && run_mode.verb.may_change() {
        let message =
            format!("`--reuse` is for plans alone in `{}`, which needs a confirmation", environment.name);
        let flags = context.shown_flags(&environment.name);
        let plan = request.command_line(RunVerb::Plan, &environment.name, &flags);
        return Err(Stopped::refused(message).hint(format!("`{plan}`")));
    }
    Ok(())
}

/// Returns the stacks for which envctl asks the user before it creates a missing workspace.
fn stacks_asking_for_workspace(instances: &[&Instance]) -> Vec<StackId> {
    let asked = instances.iter().filter(|i| i.settings.create_workspace == CreateWorkspace::Ask);
    asked.map(|i| i.id.stack.clone()).collect()
}

/// Returns the stacks for the run's first event.
fn run_stacks(instances: &[&Instance], selected: &[SelectedStack], graph: &StackGraph) -> Vec<RunStack> {
    let why = |stack: &StackId| {
        let selection = selected.iter().find(|s| s.stack == *stack);
        selection.map(|s| s.why.iter().map(SelectionReason::to_string).collect()).unwrap_or_default()
    };
    instances
        .iter()
        .map(|i| RunStack {
            stack: i.id.stack.clone(),
            path: i.path.to_string(),
            workspace: i.workspace().map(str::to_owned),
            engine: i.engine,
            why: why(&i.id.stack),
            needs: graph.needs(i.id.stack.as_str()),
        })
        .collect()
}

fn jobs(environment: &Environment) -> NonZeroUsize {
    environment.jobs.or_else(|| thread::available_parallelism().ok()).unwrap_or(NonZeroUsize::MIN)
}

fn engine_jobs(config: &Config) -> BTreeMap<crate::model::EngineName, NonZeroUsize> {
    crate::model::EngineName::ALL
        .into_iter()
        .filter_map(|engine| Some((engine, config.engine(engine).jobs?)))
        .collect()
}
