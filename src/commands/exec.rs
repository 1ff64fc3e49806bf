//! `envctl exec`: any command of the engine, with the right folder, workspace, backend and variables.

use std::ffi::OsString;

use super::{
    Context, Stopped,
    checklist::{Checked, know_acks},
    guarded::Guarded,
    prepared::{CommandNeeds, Gone, Prepared},
    readied::interrupted,
    state_watch::StateWatch,
    typed::{Against, Found},
};
use crate::{
    config::{Config, Environment, VerbClass},
    engine::{EngineError, Session, Typed, evaluates_variables, may_make_workspace, takes_values, typed},
    executor::{Answer, Ask, Asked, Refusal, SecretUse, Work},
    inventory::{Inventory, Modules},
    journal::RunStore,
    model::{Allow, ExitStatus, Failure, FailureKind, StackId},
    process::{Exit, Stream},
    ui::shell_word,
};

/// What to run.
#[derive(Debug, Clone)]
pub struct Request {
    /// The environment.
    pub environment: String,
    /// The stack; absent for all.
    pub stack: Option<String>,
    /// `--confirm`
    pub confirm: bool,
    /// `--yes`
    pub yes: bool,
    /// What is let through by name.
    pub allow: Vec<Allow>,
    /// The items of the checklist that are said yes to.
    pub acks: Vec<String>,
    /// The engine's command and its arguments.
    pub args: Vec<OsString>,
}

/// Runs it; the status is 0 only when the engine's was, for every stack.
pub fn run(context: &Context, request: &Request) -> anyhow::Result<ExitStatus> {
    let config = context.config()?;
    let environment = context.environment(&config, Some(&request.environment))?;
    let sound = context.sound(&config, environment, &[])?;
    let inventory = &sound.0;
    let stacks = match &request.stack {
        Some(name) => vec![context.instance(inventory, environment, name)?.id.stack.clone()],
        None => inventory.graph().order(),
    };
    let mut prepared = Prepared::load(
        context,
        &config,
        &sound,
        &environment.name,
        (&stacks, &request.allow),
        needs(&request.args),
    )?;
    let mutating = prepared.is_mutating(&request.args);
    if mutating {
        context.refuse_read_only(&format!("exec … -- {}", line(request)), "a state or a file")?;
    }
    context.refuse_files(&request.args)?;
    let mut guarded = None;
    if mutating {
        context.sound(&config, environment, &[VerbClass::Change])?;
        guarded = Some(guard(context, &config, environment, &sound, (request, &stacks), &prepared)?);
        if !confirm(context, environment, request, &stacks, &prepared)? {
            return Err(unconfirmed(environment, request).into());
        }
        prepared.acting(context, &config, environment)?;
    }
    let _turn = mutating.then(|| prepared.take_turn(context, "exec")).transpose()?;
    let several = stacks.len() > 1;
    let runs = RunStore::new(config.root()).runs_dir();
    let typed = typed(&request.args);
    let gone = match () {
        () if typed == Typed::MigrateState => Gone::Untouched,
        () if may_make_workspace(&request.args) => Gone::Noticed,
        () => Gone::Left,
    };
    for stack in stacks {
        if several {
            context.printer.say(format_args!("── {stack}"));
        }
        let mut is_known = true;
        let ended = prepared.with(context, (&stack, gone), |work, session| {
            let wired = prepared.with_values(work, session)?;
            let work = &*wired;
            if work.engine.loses_values(&work.target, &request.args) {
                return Err(valueless(environment, request, &stack));
            }
            let Some(guarded) = &mut guarded else {
                return work.engine.run_reading(&work.target, &request.args, session).map(Ok);
            };
            let state = StateWatch::before(&typed, work, session)?;
            let against = Against { stack: &stack, runs: &runs, work, session };
            let found = against.judge(&typed, guarded)?;
            if !found.blocked.is_empty() {
                return Ok(Err(refusal(context, environment, request, guarded, &found)));
            }
            let exit = mutate(context, work, request, session)?;
            match state.after(exit) {
                Err(failure) if matches!(typed, Typed::Push { .. }) => {
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
        if let Some(signal) = prepared.signal() {
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
    if let Some(guarded) = guarded {
        guarded.say_idle(context);
    }
    Ok(ExitStatus::Success)
}

/// Requirements of a typed command beside the states of its stacks.
fn needs(args: &[OsString]) -> CommandNeeds {
    let secrets = if evaluates_variables(args) { SecretUse::Required } else { SecretUse::MaskOnly };
    CommandNeeds { upstream_values: takes_values(args), secrets }
}

/// Guards and checklist of a command that may change something, though nobody plans it.
fn guard(
    context: &Context,
    config: &Config,
    environment: &Environment,
    (inventory, modules): &(Inventory, Modules),
    (request, stacks): (&Request, &[StackId]),
    prepared: &Prepared,
) -> anyhow::Result<Guarded> {
    know_acks(environment, &request.acks)?;
    let instances: Vec<_> = inventory.instances().filter(|i| stacks.contains(&i.id.stack)).collect();
    let mut guarded =
        Guarded::new(config, environment, &instances, modules, &prepared.runner, &request.allow);
    let typed = typed(&request.args);
    let mut blocked = guarded.judge_without_plan(context);
    blocked.extend(guarded.judge_short_forms(stacks));
    blocked.extend(stacks.iter().flat_map(|stack| guarded.judge_typed(stack, &typed)));
    if !blocked.is_empty() {
        let found = Found { blocked, run: None };
        return Err(refusal(context, environment, request, &guarded, &found).into());
    }
    let checked = guarded
        .checklist
        .go_through(context.terminal.interactive, &request.acks, |ask| Ok(prepared.ask(context, ask)))?;
    match checked {
        Checked::Refused(refusal) => Err(refused(&refusal).into()),
        Checked::Interrupted(signal) => Err(interrupted(signal)),
        Checked::Yes => Ok(guarded),
    }
}

/// The refusal of what the guards found, with what to type instead or to let it through.
fn refusal(
    context: &Context,
    environment: &Environment,
    request: &Request,
    guarded: &Guarded,
    found: &Found,
) -> Stopped {
    guarded.say_idle(context);
    let name = &environment.name;
    let names = names(request);
    let mut refusal = guarded.refusal(&found.blocked, &format!("envctl exec {name} {names}"));
    // The command comes last, behind the flags.
    refusal.hint = refusal.hint.map(|hint| format!("{} -- {}`", hint.trim_end_matches('`'), line(request)));
    let mut stopped = refused(&refusal);
    let by = |guard: &str| found.blocked.iter().any(|found| found.block.guard == guard);
    if by("plan") {
        stopped = stopped.hint(format!("`envctl deploy {name}` and `envctl destroy {name}` make a plan"));
    }
    if let Some(run) = &found.run {
        stopped = stopped.hint(format!("`envctl apply {run}`"));
    } else if by("plan_file") {
        stopped = stopped.hint(format!("`envctl plan {name}` and `envctl apply RUN`"));
    }
    stopped
}

fn refused(refusal: &Refusal) -> Stopped {
    let message = format!("{}\n{}", refusal.summary, refusal.indented());
    let stopped = Stopped::refused(message.trim_end());
    match &refusal.hint {
        Some(hint) => stopped.hint(hint),
        None => stopped,
    }
}

/// The gate of a command that may change something: there is no review, so there is nothing that a digest could name.
fn confirm(
    context: &Context,
    environment: &Environment,
    request: &Request,
    stacks: &[StackId],
    prepared: &Prepared,
) -> anyhow::Result<bool> {
    if request.confirm || (request.yes && !environment.confirm) {
        return Ok(true);
    }
    if !context.terminal.interactive {
        return Ok(false);
    }
    let names: Vec<&str> = stacks.iter().map(StackId::as_str).collect();
    let what = format!("`{}` may change {} in `{}`", shown(request), names.join(", "), environment.name);
    let name = environment.name.to_string();
    let ask = if environment.confirm {
        Ask::TypeName { question: format!("{what}. Type `{name}` to run it"), name: name.clone() }
    } else {
        Ask::YesNo { question: format!("{what}. Run it?") }
    };
    match prepared.ask(context, &ask) {
        Asked::Answered(Answer::Yes) => Ok(true),
        Asked::Answered(Answer::Typed(typed)) => Ok(typed == name),
        Asked::Answered(Answer::No) => Ok(false),
        Asked::Failed(error) => Err(error.into()),
        Asked::Interrupted(signal) => Err(interrupted(signal)),
    }
}

/// Output goes to files that are shown as they grow, so that the engine finishes even when envctl is killed.
fn mutate(
    context: &Context,
    work: &Work,
    request: &Request,
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

/// The refusal of a command that would run a unit without its values: its state would get what nobody wrote.
fn valueless(environment: &Environment, request: &Request, stack: &StackId) -> EngineError {
    let summary =
        format!("`{}` would run without the values that environments.toml gives `{stack}`", line(request));
    let detail = format!(
        "type the verb itself, as in `envctl exec {} {} -- plan`: the values of one unit are not those of the others",
        environment.name,
        names(request)
    );
    EngineError::Failed(Failure::new(FailureKind::Refused, summary).with_detail(detail))
}

fn unconfirmed(environment: &Environment, request: &Request) -> Stopped {
    let flag = if environment.confirm { "--confirm" } else { "--yes" };
    Stopped::refused(format!("`{}` may change `{}` and was not confirmed", shown(request), environment.name))
        .hint(format!("with `{flag}` it runs without a question"))
}

/// The stack of the command as a shell takes it, or the flag for all.
fn names(request: &Request) -> String {
    request.stack.as_deref().map_or_else(|| "--all".to_owned(), shell_word)
}

/// The engine's command as a shell takes it.
fn line(request: &Request) -> String {
    let words: Vec<String> = request.args.iter().map(|word| shell_word(&word.to_string_lossy())).collect();
    words.join(" ")
}

fn shown(request: &Request) -> String {
    request.args.first().map_or_else(String::new, |verb| verb.to_string_lossy().into_owned())
}
