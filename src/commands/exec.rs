//! `envctl exec`: runs any command of the engine with the folder, workspace, backend and variables of a stack.

use std::{ffi::OsString, io};

use camino::Utf8PathBuf;

use crate::{
    config::{Environment, VerbClass},
    engine::{
        EngineError, Intent, Session, TypedColors, corrected_verb, evaluates_variables, intent_of,
        may_make_workspace, takes_values,
    },
    executor::{ReadyStack, SecretUse, TYPED_COMMAND},
    journal::RunStore,
    model::{EngineName, ExitStatus, Failure, FailureKind, StackId},
    process::{Exit, Stream},
    run::{
        Context, Stopped,
        environment_guards::EnvironmentGuards,
        exec::{
            exec_gate::ExecGate,
            exec_guard::ExecCheck,
            prepared::{PreparedInstances, WorkspaceCheck},
            request::ExecRequest,
            state_watch::StateWatch,
            typed_deployment::TypedDeployments,
        },
        ready_stacks::CommandNeeds,
    },
};

/// Runs `envctl exec`; exit code 0 only if the engine's was 0 for every stack.
pub fn run(context: &Context, request: &ExecRequest) -> anyhow::Result<ExitStatus> {
    let config = context.config()?;
    let environment = context.environment(&config, Some(&request.environment))?;
    let validated = context.validated_inventory(&config, environment, &[])?;
    let inventory = &validated.inventory;
    let stacks = match &request.stack {
        Some(name) => vec![context.instance(inventory, environment, name)?.id.stack.clone()],
        None => inventory.graph().order(),
    };
    if let Some(corrected) = corrected_verb(&request.args) {
        let engine = inventory.instances().find(|i| stacks.contains(&i.id.stack)).map(|i| i.engine);
        return Err(mistyped_verb_error(context, environment, request, engine, &corrected).into());
    }
    let needs = command_needs(&request.args);
    let mut prepared =
        PreparedInstances::load(context, &config, &validated, environment, &stacks, &request.allow, needs)?;
    let is_colored = context.printer.out_styles().color();
    prepared.set_typed_colors(if is_colored { TypedColors::On } else { TypedColors::Off });
    let is_mutating = prepared.is_mutating(&request.args);
    if is_mutating {
        context
            .refuse_read_only(&format!("exec … -- {}", request.engine_command_line()), "a state or a file")?;
    }
    let given_flags = prepared.given_flags();
    let gate = ExecGate { context, environment, request, stacks: &stacks, given_flags };
    let typed = intent_of(&request.args);
    if !is_mutating {
        let reading = |_: &StackId, work: &ReadyStack, session: &Session<'_>| {
            let exit = work.engine.run_reading(&work.target, &request.args, session)?;
            Ok(Ok(CommandEnd { exit, is_state_known: true }))
        };
        return run_in_stacks(&gate, &prepared, &typed, reading);
    }
    context.validated_inventory(&config, environment, &[VerbClass::Change])?;
    let guards = gate.pass(&config, &validated, &prepared)?;
    prepared.check_identity(context, &config, environment)?;
    prepared.allow_lockfile_changes(&request.args);
    let _lock = prepared.lock_environment(context, "exec")?;
    let mut changing = ChangingCommand {
        gate: &gate,
        typed: &typed,
        runs: RunStore::new(config.root()).runs_dir(),
        guards,
        deployments: TypedDeployments::new(
            context,
            &config,
            inventory,
            &environment.name,
            &typed,
            &request.args,
            &prepared.runner,
        )?,
    };
    let status =
        run_in_stacks(&gate, &prepared, &typed, |stack, work, session| changing.run(stack, work, session))?;
    if status == ExitStatus::Success {
        changing.guards.warn_unused_exceptions(context, Some(&prepared.accepted_states()));
    }
    Ok(status)
}

/// End of a typed command in one stack.
struct CommandEnd {
    exit: Exit,
    /// False if the state after the command is not the last known one and could not be recorded.
    is_state_known: bool,
}

/// Runs the command in each stack, until one fails.
fn run_in_stacks(
    gate: &ExecGate<'_>,
    prepared: &PreparedInstances,
    typed: &Intent,
    mut command: impl FnMut(
        &StackId,
        &ReadyStack,
        &Session<'_>,
    ) -> Result<Result<CommandEnd, Stopped>, EngineError>,
) -> anyhow::Result<ExitStatus> {
    let ExecGate { context, request, stacks, .. } = gate;
    let workspace_check = match () {
        () if *typed == Intent::MigrateState => WorkspaceCheck::NoInit,
        () if may_make_workspace(&request.args) => WorkspaceCheck::CheckFirst,
        () => WorkspaceCheck::NoCheck,
    };
    for stack in *stacks {
        if stacks.len() > 1 {
            context.printer.say(format_args!("── {stack}"));
        }
        let ended = prepared.with_instance(context, stack, workspace_check, |work, session| {
            let wired = prepared.with_values(work, session)?;
            command(stack, &wired, session)
        })?;
        let CommandEnd { exit, is_state_known } = ended?;
        if let Some(signal) = context.interrupts.signal() {
            return Ok(ExitStatus::Interrupted(signal));
        }
        if exit != Exit::Code(0) {
            context
                .printer
                .error(format_args!("`{}` ended with {exit} in `{stack}`", shown_command(request)));
            return Ok(ExitStatus::Failed);
        }
        if !is_state_known {
            return Ok(ExitStatus::Failed);
        }
    }
    Ok(ExitStatus::Success)
}

/// Typed command that may change states, after its gate.
struct ChangingCommand<'a> {
    gate: &'a ExecGate<'a>,
    typed: &'a Intent,
    /// Folder of all runs.
    runs: Utf8PathBuf,
    guards: EnvironmentGuards,
    deployments: TypedDeployments<'a>,
}

impl ChangingCommand<'_> {
    /// Runs the command in one stack, between the checks of its state; returns the refusal if a guard finds something in
    /// the engine's files.
    fn run(
        &mut self,
        stack: &StackId,
        work: &ReadyStack,
        session: &Session<'_>,
    ) -> Result<Result<CommandEnd, Stopped>, EngineError> {
        let ExecGate { context, request, .. } = self.gate;
        let state = StateWatch::before(self.typed, work, session)?;
        let check = ExecCheck { stack, runs: &self.runs, work, session };
        let verdict = check.judge(self.typed, &mut self.guards)?;
        if !verdict.blocked.is_empty() {
            return Ok(Err(self.gate.refusal(&self.guards, &verdict)));
        }
        self.deployments.record_before(stack)?;
        let former = self.note_change(work)?;
        let exit = run_mutating(context, work, request, session)?;
        if *self.typed != Intent::Harmless && state.is_unchanged() {
            work.restore_applied_by(former.as_deref()).map_err(|error| note_error(work, &error))?;
        }
        self.deployments.record_after(stack, work, exit, session)?;
        let mut is_state_known = true;
        match state.after(exit) {
            Err(failure) if matches!(self.typed, Intent::Push { .. }) => {
                context.printer.warn(format_args!("`{stack}`: {failure}"));
            }
            Err(failure) => {
                context.printer.error(format_args!("`{stack}`: {failure}"));
                is_state_known = false;
            }
            Ok(()) => {}
        }
        Ok(Ok(CommandEnd { exit, is_state_known }))
    }

    /// Records the command as the last change of the instance, unless it cannot change a state; returns the former record.
    fn note_change(&self, work: &ReadyStack) -> Result<Option<String>, EngineError> {
        let former = work.applied_by().map_err(|error| note_error(work, &error))?;
        if *self.typed != Intent::Harmless {
            let by = format!("{TYPED_COMMAND}{}", self.gate.context.clock.now());
            work.note_applied_by(&by).map_err(|error| note_error(work, &error))?;
        }
        Ok(former)
    }
}

/// Returns the error about the record of an instance's last change.
fn note_error(work: &ReadyStack, error: &io::Error) -> EngineError {
    let summary = format!("cannot note who changes `{}`: {error}", work.target.instance);
    EngineError::Failed(Failure::new(FailureKind::Unknown, summary))
}

/// Returns the upstream values and secrets that a typed command needs.
fn command_needs(args: &[OsString]) -> CommandNeeds {
    let secrets = if evaluates_variables(args) { SecretUse::Required } else { SecretUse::MaskOnly };
    CommandNeeds { upstream_values: takes_values(args), secrets }
}

/// Runs a mutating command. Its output goes to files that are printed as they grow, so that the engine finishes even when
/// envctl is killed.
fn run_mutating(
    context: &Context,
    work: &ReadyStack,
    request: &ExecRequest,
    session: &Session<'_>,
) -> Result<Exit, EngineError> {
    let mut lost = None;
    let ran =
        work.engine.run_mutating(&work.target, &request.args, session, &mut |stream, text| match stream {
            Stream::Stdout => {
                if let Err(error) = context.printer.text(format_args!("{text}\n")) {
                    lost = Some(error);
                }
            }
            Stream::Stderr => context.printer.say_unwrapped(text),
        });
    if let Some(error) = lost {
        context.printer.error(format_args!("standard output: {error}; `{}` has the whole", session.log));
    }
    ran
}

/// Returns the error for a mistyped verb of an engine, with the complete command, which has no confirmation.
fn mistyped_verb_error(
    context: &Context,
    environment: &Environment,
    request: &ExecRequest,
    engine: Option<EngineName>,
    corrected: &[OsString],
) -> Stopped {
    let words = if request.args.first() == corrected.first() { 2 } else { 1 };
    let line =
        |args: &[OsString]| ExecRequest { args: args.to_vec(), ..request.clone() }.engine_command_line();
    let of = engine.map_or_else(String::new, |engine| format!(" of {engine}"));
    let message = format!(
        "there is no command `{}`{of}; did you mean `{}`?",
        line(&request.args[..words]),
        line(&corrected[..words])
    );
    let flags = context.shown_flags(&environment.name);
    let exec =
        std::iter::once(flags.command(&format!("exec {} {}", environment.name, request.stack_words())));
    let command = exec.chain(flags.values(false)).chain(["--".to_owned(), line(corrected)]);
    let hint = format!("`{}`", command.collect::<Vec<_>>().join(" "));
    Stopped { status: ExitStatus::Usage, message, hints: vec![hint] }
}

fn shown_command(request: &ExecRequest) -> String {
    request.args.first().map_or_else(String::new, |verb| verb.to_string_lossy().into_owned())
}
