//! Opens a run: loads, checks and builds everything before the first engine plans.

use std::{collections::BTreeMap, num::NonZeroUsize, sync::Arc, thread};

use super::{
    Context, RunRequest, Stop, Stopped, actor,
    emitter::emitter,
    environment_lock::{self, EnvironmentLock},
    guarded::Guarded,
    left_output::{Masking, take_in},
    next_commands::NextCommands,
    preflight::{
        allowed_names::know_allowed,
        checklist,
        excludes::{can_exclude, engines_can_exclude},
        given_values::know_values,
        gone_stacks::undeclared_stacks,
        known_addresses::know_addresses,
        output_inputs::refuse_inputs,
    },
    ready_stacks::{CommandNeeds, IdentityCheck, ReadyRequest, ReadyStacks, ready},
    request::RunMode,
    selecting::{Chosen, age_behind_reuse},
    upstream_flags::OutsideVariables,
    working_tree::WorkingTree,
};
use crate::{
    config::{Config, Environment, EnvironmentScope},
    engine::{GivenFlags, PlanMode},
    event::{EventKind, RunStack},
    executor::{Answer, Ask, Asked, Cancel, Deployment, Parts, PlanOptions, SecretUse, Worker, shown_flags},
    graph::{Selected, StackGraph, Why},
    inventory::{Instance, Inventory, Modules},
    journal::{Durations, FORMAT, Journal, RunDir, RunStore, Stopwatch, new_run_id},
    model::{ChangedSince, CreateWorkspace, EnvName, RunId, RunVerb, StackId},
    plans::{AskedFor, Key, guards::MissingUpstreams},
    process::Runner,
};

/// Run that has started.
pub(crate) struct Opened {
    /// Stacks and steps of the run.
    pub(crate) deployment: Deployment,
    /// Id of the run.
    pub(crate) id: RunId,
    /// Environment of the run.
    pub(crate) environment: EnvName,
    /// True if the environment has `confirm = true`.
    pub(super) protected: bool,
    /// Guards of the environment.
    pub(crate) guarded: Guarded,
    /// Verb of the run.
    pub(crate) verb: RunVerb,
    /// Commands for hints about the next step.
    pub(crate) next_commands: NextCommands,
    /// Flags that suggested commands repeat, without hidden values.
    pub(super) given_flags: GivenFlags,
    /// Variables of the stacks outside of the run.
    pub(super) outside_variables: OutsideVariables,
    /// Git revision that the run starts from.
    pub(crate) working_tree: WorkingTree,
    /// Mode of the plans.
    pub(crate) mode: PlanMode,
    /// True if estimated durations are printed (`--eta`).
    pub(crate) eta: bool,
    /// Base of the comparison with `--changed`.
    pub(crate) changed_since: Option<ChangedSince>,
    /// Dependencies of its stacks that are not part of the run.
    pub(crate) absent: MissingUpstreams,
    /// Runner of programs; its redactor knows the secrets of the stacks.
    pub(crate) runner: Arc<Runner>,
    askable: Vec<StackId>,
    /// Lock of the environment, held until the run is closed.
    _lock: Option<EnvironmentLock>,
}

fn plan_options(request: &RunRequest, run_mode: RunMode) -> PlanOptions {
    PlanOptions {
        mode: run_mode.mode,
        targets: request.targets.clone(),
        excludes: request.excludes.clone(),
        replace: request.replace.clone(),
        reuse: request.reuse,
    }
}

/// Loads and checks the project, builds the work of the stacks, and starts the run.
pub(crate) fn open(context: &Context, request: &RunRequest, run_mode: RunMode) -> anyhow::Result<Opened> {
    let runner = Arc::new(Runner::new());
    let mut changes = context.ask_changes(&request.selection, &runner)?;
    let config = context.config()?;
    let environment = context.environment(&config, request.environment.as_deref())?;
    fits(context, environment, request, run_mode)?;
    let working_tree = WorkingTree::ask(context, &config, &runner);
    let (inventory, modules, value_errors) =
        context.sound_and_values(&config, environment, run_mode.classes())?;
    let scope = EnvironmentScope { config: &config, environment };
    know_allowed(scope, &inventory, &request.allow)?;
    let Chosen { stacks: selected, changed_since } =
        choose(context, (request, run_mode), scope, (&inventory, &modules), &mut changes)?;
    let stacks = selected.iter().map(|selected| selected.stack.clone()).collect::<Vec<_>>();
    let graph = inventory.graph().subgraph(&stacks);
    know_values((&inventory, &modules), &stacks, run_mode.plans_anew(request).then_some(value_errors))?;
    still_needed(context, &inventory, &stacks, (environment, run_mode.mode))?;
    let instances: Vec<_> = inventory.instances().filter(|i| graph.contains(i.id.stack.as_str())).collect();
    let given_flags = shown_flags(context.given_flags(), &instances, &modules);
    let store = RunStore::new(config.root());
    let id = new_run_id(&*context.clock);
    let key = Key::of_project(store.envctl_dir()?)?;
    context.interrupts.listen()?;
    let lock = environment_lock::take_for_run(context, &store, &environment.name, (run_mode, &id), request)?;
    let dir = store.create(&id)?;
    let ready = ready(
        context,
        &ReadyRequest {
            config: &config,
            environment,
            inventory: &inventory,
            modules: &modules,
            graph: &graph,
            allow: &request.allow,
            needs: CommandNeeds { upstream_values: true, secrets: SecretUse::Required },
            identity: IdentityCheck::Now,
            runner: &runner,
            home: store.envctl_dir()?,
            inputs: &dir.inputs(),
        },
    );
    let masking = Masking { redactor: runner.redactor(), stacks: &stacks };
    take_in(context, &store, Some(&environment.name), ready.is_ok().then_some(masking));
    // If this fails, no step has started, so the run is not kept.
    let ready = ready.and_then(|ready| engines_can_exclude(request, &ready.work).map(|()| ready));
    let ReadyStacks { work, upstreams, acting } =
        ready.or_else(|error| dir.abandon().map_err(Into::into).and(Err(error)))?;
    asked_for(context, request, run_mode, (&environment.name, &id, graph.order()))
        .write(&key, &dir.request())?;
    let guarded =
        Guarded::new(&config, environment, &instances, &modules, &runner, &request.allow).acted_by(acting);
    let engines = work.iter().map(|(stack, work)| (stack.clone(), work.engine.engines())).collect();
    let run_stacks = run_stacks(&instances, &selected, &graph);
    let worker = Worker::new(
        (work, upstreams),
        plan_options(request, run_mode),
        Arc::clone(&runner),
        dir.clone(),
        Arc::clone(&context.clock),
        (id.clone(), key),
    );
    let absent = MissingUpstreams::of(&instances, &graph);
    let outside_variables = OutsideVariables::of((&inventory, &modules), &graph, &given_flags);
    let durations = store.durations(&environment.name);
    let stopwatch = Stopwatch::new(durations.clone(), run_mode.mode == PlanMode::Destroy, request.adopts());
    let cancel = take_signals(context, &dir)?;
    let mut dispatcher = emitter(context, Journal::create(dir.clone())?, stopwatch, &runner, cancel)?;
    let about = (id.clone(), environment.name.clone());
    dispatcher.emit(started(context, (request, run_mode), about, (changed_since.clone(), run_stacks)))?;
    let deployment = Deployment::from(Parts {
        dispatcher,
        worker: Arc::new(worker),
        graph,
        environment: environment.name.clone(),
        destroy: run_mode.mode == PlanMode::Destroy,
        jobs: jobs(environment),
        engine_jobs: engine_jobs(&config),
        engines,
        fail_fast: request.stop == Stop::AtFirstFailure,
        durations: Durations::read(&durations),
        eta: request.eta,
    });
    let all = stacks.len() == inventory.instances().len();
    Ok(Opened {
        next_commands: NextCommands::of(&given_flags, request, run_mode, (&id, &environment.name, all)),
        deployment,
        id,
        environment: environment.name.clone(),
        protected: environment.confirm,
        guarded,
        verb: run_mode.verb,
        given_flags,
        outside_variables,
        working_tree,
        mode: run_mode.mode,
        eta: request.eta,
        changed_since,
        absent,
        runner,
        askable: if context.read_only { Vec::new() } else { askable(&instances) },
        _lock: lock,
    })
}

/// Hands the signals over to the run; a signal that came before ends it, and nothing of it is kept.
fn take_signals(context: &Context, dir: &RunDir) -> anyhow::Result<Cancel> {
    let cancel = context.interrupts.hand_over();
    if let Some(signal) = cancel.signal() {
        dir.abandon()?;
        return Err(Stopped::interrupted(Some(signal)).into());
    }
    Ok(cancel)
}

/// Selects the stacks, refuses output files that they depend on, and warns about stacks that were deployed and that no
/// file declares any more. A comparison with a commit reports those itself.
fn choose(
    context: &Context,
    (request, run_mode): (&RunRequest, RunMode),
    scope: EnvironmentScope<'_>,
    (inventory, modules): (&Inventory, &Modules),
    changes: &mut super::selecting::Asked,
) -> anyhow::Result<Chosen> {
    let EnvironmentScope { config, environment } = scope;
    let chosen = context.select(scope, inventory, changes);
    let chosen = chosen.map_err(|error| age_behind_reuse(error, request.reuse.is_some()))?;
    let stacks: Vec<StackId> = chosen.stacks.iter().map(|selected| selected.stack.clone()).collect();
    if run_mode.plans_anew(request) {
        can_exclude(request, inventory, &stacks)?;
        know_addresses((inventory, modules), &RunStore::new(config.root()), &stacks, request)?;
    }
    if run_mode.plans_anew(request) && request.selection.changed.is_none() {
        let stated = || modules.stated_states().as_ref().clone();
        undeclared_stacks(context, config, &environment.name, Some(inventory), &stated)?.say(context, config);
    }
    refuse_inputs(context, request, (inventory, &stacks), config.root())?;
    Ok(chosen)
}

/// Returns the first event of a run.
fn started(
    context: &Context,
    (request, run_mode): (&RunRequest, RunMode),
    (run, environment): (RunId, EnvName),
    (changed_since, stacks): (Option<ChangedSince>, Vec<RunStack>),
) -> EventKind {
    EventKind::RunStarted {
        format: FORMAT,
        run,
        command: run_mode.verb,
        environment,
        user: actor::user(context),
        host: actor::host(),
        resumes: request.resumes.clone(),
        changed_since,
        stacks,
    }
}

impl Opened {
    /// Plans every stack; prompts about missing workspaces in an interactive terminal.
    pub(crate) fn plan_all(&mut self, context: &Context) -> anyhow::Result<()> {
        let stacks = self.deployment.stacks();
        self.say_eta(context, &stacks)?;
        let planned = self.deployment.plan(&stacks);
        self.hear_revision()?;
        planned?;
        let missing: Vec<StackId> =
            self.deployment.without_workspace().into_iter().filter(|s| self.askable.contains(s)).collect();
        if missing.is_empty() || !context.terminal.interactive {
            self.say_missing(context);
            return Ok(());
        }
        let question = self.create_workspaces(&missing);
        let asked = self.deployment.dispatcher().ask(&Ask::YesNo { question }, &context.prompter)?;
        if matches!(asked, Asked::Answered(Answer::Yes)) {
            self.deployment.plan_with_workspaces(&missing)?;
        }
        self.say_missing(context);
        Ok(())
    }

    /// Returns the question whether to create the workspaces of these stacks.
    fn create_workspaces(&mut self, stacks: &[StackId]) -> String {
        let report = self.deployment.dispatcher().report();
        let mut wanted: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for stack in report.iter().flat_map(|report| &report.stacks).filter(|s| stacks.contains(&s.stack)) {
            let workspace = stack.workspace.clone().unwrap_or_default();
            wanted.entry(workspace).or_default().push(format!("`{}`", stack.stack));
        }
        let one = |(workspace, stacks): (String, Vec<String>)| {
            let noun = if stacks.len() == 1 { "stack" } else { "stacks" };
            format!("workspace `{workspace}` for {noun} {}", stacks.join(", "))
        };
        format!("Create {}?", wanted.into_iter().map(one).collect::<Vec<_>>().join(" and "))
    }
}

/// Refuses flags that do not fit the environment.
fn fits(
    context: &Context,
    environment: &Environment,
    request: &RunRequest,
    run_mode: RunMode,
) -> anyhow::Result<()> {
    may_reuse(context, environment, request, run_mode)?;
    Ok(checklist::know_acks(environment, &request.acks)?)
}

/// Refuses to apply reused plans in an environment with `confirm`.
fn may_reuse(
    context: &Context,
    environment: &Environment,
    request: &RunRequest,
    run_mode: RunMode,
) -> Result<(), Stopped> {
    if request.reuse.is_some() && environment.confirm && run_mode.verb.may_change() {
        let message =
            format!("`--reuse` is for plans alone in `{}`, which needs a confirmation", environment.name);
        let flags = context.shown_flags(&environment.name);
        let plan = request.command_line(RunVerb::Plan, &environment.name, &flags);
        return Err(Stopped::refused(message).hint(format!("`{plan}`")));
    }
    Ok(())
}

/// Returns the stacks whose missing workspaces need a prompt.
fn askable(instances: &[&Instance]) -> Vec<StackId> {
    let asked = instances.iter().filter(|i| i.settings.create_workspace == CreateWorkspace::Ask);
    asked.map(|i| i.id.stack.clone()).collect()
}

/// Returns the request that is stored with the run.
fn asked_for(
    context: &Context,
    request: &RunRequest,
    run_mode: RunMode,
    (environment, run, stacks): (&EnvName, &RunId, Vec<StackId>),
) -> AskedFor {
    AskedFor {
        command: run_mode.verb,
        destroy: run_mode.mode == PlanMode::Destroy,
        environment: environment.clone(),
        replace: request.replace.clone(),
        run: run.clone(),
        sets: context.overrides.sets.clone(),
        stacks,
        targets: request.targets.clone(),
        excludes: request.excludes.clone(),
        vars: context.overrides.vars.clone(),
        values_removed: false,
    }
}

/// Returns the stacks for the run's first event.
fn run_stacks(instances: &[&Instance], selected: &[Selected], graph: &StackGraph) -> Vec<RunStack> {
    let why = |stack: &StackId| {
        let chosen = selected.iter().find(|s| s.stack == *stack);
        chosen.map(|s| s.why.iter().map(Why::to_string).collect()).unwrap_or_default()
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

/// Warns about stacks that depend on a stack to be destroyed and are not selected; refuses them in an
/// environment with `confirm`.
fn still_needed(
    context: &Context,
    inventory: &Inventory,
    stacks: &[StackId],
    (environment, mode): (&Environment, PlanMode),
) -> Result<(), Stopped> {
    if mode != PlanMode::Destroy {
        return Ok(());
    }
    let dependents = inventory.graph().dependents(stacks);
    let left: Vec<String> =
        dependents.iter().filter(|s| !stacks.contains(s)).map(|s| format!("`{s}`")).collect();
    if left.is_empty() {
        return Ok(());
    }
    let verb = if left.len() == 1 { "needs" } else { "need" };
    let message = format!("{} {verb} what would be destroyed and would be left behind", left.join(", "));
    if environment.confirm {
        return Err(Stopped::refused(message).hint("`--with-dependents` destroys them first"));
    }
    context.printer.warn(message);
    context.printer.hint("`--with-dependents` destroys them first");
    Ok(())
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
