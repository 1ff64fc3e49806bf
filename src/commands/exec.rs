//! `envctl exec`: runs any command of the engine with the folder, workspace, backend and variables of a stack.

use std::ffi::OsString;

use crate::{
    config::{Environment, VerbClass},
    engine::{
        EngineError, GivenFlags, Intent, Session, TypedColors, evaluates_variables, intent_of,
        may_make_workspace, takes_values,
    },
    executor::{SecretUse, Work},
    journal::RunStore,
    model::{ExitStatus, Failure, FailureKind, StackId},
    process::{Exit, Stream},
    run::{
        Context,
        exec::{
            exec_gate::ExecGate,
            exec_guard::Against,
            prepared::{Prepared, WorkspaceCheck},
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
    let inventory = &validated.0;
    let stacks = match &request.stack {
        Some(name) => vec![context.instance(inventory, environment, name)?.id.stack.clone()],
        None => inventory.graph().order(),
    };
    let mut prepared = Prepared::load(
        context,
        &config,
        &validated,
        environment,
        (&stacks, &request.allow),
        needs(&request.args),
    )?;
    let is_colored = context.printer.out_styles().color();
    prepared.set_typed_colors(if is_colored { TypedColors::On } else { TypedColors::Off });
    let mutating = prepared.is_mutating(&request.args);
    if mutating {
        context.refuse_read_only(&format!("exec … -- {}", request.line()), "a state or a file")?;
    }
    context.refuse_files(&request.args)?;
    let mut guarded = None;
    let given_flags = prepared.given_flags();
    let at_gate = ExecGate { context, environment, request, stacks: &stacks, given_flags };
    if mutating {
        context.validated_inventory(&config, environment, &[VerbClass::Change])?;
        guarded = Some(at_gate.pass(&config, &validated, &prepared)?);
        prepared.acting(context, &config, environment)?;
        prepared.let_lockfiles_change(&request.args);
    }
    let _turn = mutating.then(|| prepared.take_turn(context, "exec")).transpose()?;
    let several = stacks.len() > 1;
    let runs = RunStore::new(config.root()).runs_dir();
    let typed = intent_of(&request.args);
    let mut guarded = match guarded {
        Some(guarded) => {
            let command = (&typed, request.args.as_slice());
            let project = (context, &config, inventory);
            Some((guarded, TypedDeployments::new(project, &environment.name, command, &prepared.runner)?))
        }
        None => None,
    };
    let gone = match () {
        () if typed == Intent::MigrateState => WorkspaceCheck::Untouched,
        () if may_make_workspace(&request.args) => WorkspaceCheck::Noticed,
        () => WorkspaceCheck::Left,
    };
    for stack in &stacks {
        if several {
            context.printer.say(format_args!("── {stack}"));
        }
        let mut is_known = true;
        let ended = prepared.with(context, (stack, gone), |work, session| {
            let wired = prepared.with_values(work, session)?;
            let work = &*wired;
            if work.engine.loses_values(&work.target, &request.args) {
                return Err(valueless(environment, request, stack, &at_gate.given_flags));
            }
            let Some((guarded, deployments)) = &mut guarded else {
                return work.engine.run_reading(&work.target, &request.args, session).map(Ok);
            };
            let state = StateWatch::before(&typed, work, session)?;
            let against = Against { stack, runs: &runs, work, session };
            let found = against.judge(&typed, guarded)?;
            if !found.blocked.is_empty() {
                return Ok(Err(at_gate.refusal(guarded, &found)));
            }
            deployments.begin(stack)?;
            let exit = mutate(context, work, request, session)?;
            deployments.end((stack, work), exit, session)?;
            match state.after(exit) {
                Err(failure) if matches!(typed, Intent::Push { .. }) => {
                    context.printer.warn(format_args!("`{stack}`: {failure}"));
                }
                Err(failure) => {
                    context.printer.error(format_args!("`{stack}`: {failure}"));
                    is_known = false;
                }
                Ok(()) => {}
            }
            Ok(Ok(exit))
        })?;
        let exit = ended?;
        if let Some(signal) = context.interrupts.signal() {
            return Ok(ExitStatus::Interrupted(signal));
        }
        if exit != Exit::Code(0) {
            context.printer.error(format_args!("`{}` ended with {exit} in `{stack}`", shown(request)));
            return Ok(ExitStatus::Failed);
        }
        if !is_known {
            return Ok(ExitStatus::Failed);
        }
    }
    if let Some((guarded, _)) = guarded {
        guarded.say_idle(context, Some(&prepared.accepted_states()));
    }
    Ok(ExitStatus::Success)
}

/// Returns the upstream values and secrets that a typed command needs.
fn needs(args: &[OsString]) -> CommandNeeds {
    let secrets = if evaluates_variables(args) { SecretUse::Required } else { SecretUse::MaskOnly };
    CommandNeeds { upstream_values: takes_values(args), secrets }
}

/// Runs a mutating command. Its output goes to files that are printed as they grow, so that the engine finishes even when
/// envctl is killed.
fn mutate(
    context: &Context,
    work: &Work,
    request: &ExecRequest,
    session: &Session<'_>,
) -> Result<Exit, EngineError> {
    let by = format!("a command at {}", context.clock.now());
    work.note_applied_by(&by).map_err(|error| {
        let summary = format!("cannot note who changes `{}`: {error}", work.target.instance);
        EngineError::Failed(Failure::new(FailureKind::Unknown, summary))
    })?;
    let mut lost = None;
    let ran =
        work.engine.run_mutating(&work.target, &request.args, session, &mut |stream, text| match stream {
            Stream::Stdout => {
                if let Err(error) = context.printer.text(format_args!("{text}\n")) {
                    lost = Some(error);
                }
            }
            Stream::Stderr => context.printer.always(text),
        });
    if let Some(error) = lost {
        context.printer.error(format_args!("standard output: {error}; `{}` has the whole", session.log));
    }
    ran
}

/// Returns the refusal of a command that would run a unit without its values: it could write wrong values to its state.
fn valueless(
    environment: &Environment,
    request: &ExecRequest,
    stack: &StackId,
    flags: &GivenFlags,
) -> EngineError {
    let summary =
        format!("`{}` would run without the values that environments.toml gives `{stack}`", request.line());
    let mut words = vec![flags.command(&format!("exec {} {}", environment.name, request.names()))];
    words.extend(flags.values(false));
    let detail = format!(
        "type the verb itself, as in `{} -- plan`: the values of one unit are not those of the others",
        words.join(" ")
    );
    EngineError::Failed(Failure::new(FailureKind::Refused, summary).with_detail(detail))
}

fn shown(request: &ExecRequest) -> String {
    request.args.first().map_or_else(String::new, |verb| verb.to_string_lossy().into_owned())
}
