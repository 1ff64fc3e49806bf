//! Lock of an environment for changes: one envctl process at a time, and no engine or hook that outlived an earlier one.

use std::{fmt, thread, time::Duration};

use super::{Context, RunRequest, Stopped, actor, request::RunMode, resumable};
use crate::{
    journal::{Leftovers, LockError, LockHolder, OrphanProcess, Program, RunLock, RunStore},
    model::{EnvName, ExitStatus, RunId},
    ui::seconds,
};

/// Interval at which envctl checks whether an orphaned engine or hook still runs: no child of this process, so that its
/// exit cannot be waited for.
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Interval of the messages that an orphaned engine or hook still runs.
const REMINDER_INTERVAL: Duration = Duration::from_secs(30);

/// Lock of an environment, held until it is dropped.
#[derive(Debug)]
pub(crate) struct EnvironmentLock {
    _lock: RunLock,
}

/// Locks the environment for a run that changes it; a `plan` needs no lock. A resumed run is refused if another run changed
/// the environment in the meantime.
pub(super) fn lock_for_run(
    context: &Context,
    store: &RunStore,
    environment: &EnvName,
    run_mode: RunMode,
    run: &RunId,
    request: &RunRequest,
) -> anyhow::Result<Option<EnvironmentLock>> {
    if !run_mode.verb.may_change() {
        return Ok(None);
    }
    let lock = take(context, store, environment, run_mode.verb.as_str(), Some(run))?;
    if let Some(resumed) = &request.resumes {
        resumable::refuse_unless_resumable(context, store, resumed, environment, || {
            let request = RunRequest { resumes: None, ..request.clone() };
            let line = request.command_line(run_mode.verb, environment, &context.shown_flags(environment));
            format!("{} again: `{line}`", run_mode.verb)
        })?;
    }
    Ok(Some(lock))
}

/// Takes the lock of an environment, or fails at once if another envctl process has it; then waits for engines and hooks
/// that killed runs left running.
pub(crate) fn take(
    context: &Context,
    store: &RunStore,
    environment: &EnvName,
    verb: &str,
    run: Option<&RunId>,
) -> anyhow::Result<EnvironmentLock> {
    let holder = LockHolder {
        run: run.cloned(),
        verb: verb.to_owned(),
        user: actor::user(context),
        host: actor::host(),
        pid: std::process::id(),
        since: context.clock.now(),
    };
    let lock = match store.lock(environment, &holder) {
        Ok(lock) => lock,
        Err(LockError::Taken { environment, holder }) => {
            return Err(locked_error(context, &environment, holder.as_deref()).into());
        }
        Err(LockError::Journal(error)) => return Err(error.into()),
    };
    let leftovers = Leftovers::find(store, environment)?;
    wait_for_orphans(context, &leftovers)?;
    for (file, error) in leftovers.remove_begun_plans() {
        context.printer.warn(format_args!("`{file}` may hold secrets and could not be removed: {error}"));
    }
    Ok(EnvironmentLock { _lock: lock })
}

fn locked_error(context: &Context, environment: &EnvName, holder: Option<&LockHolder>) -> Stopped {
    let message = match holder {
        Some(holder) => {
            let age = context.clock.now().duration_since(holder.since).as_secs_f64();
            format!("`{environment}` is locked: {} for {}", HolderName(holder), seconds(age))
        }
        None => format!("`{environment}` is locked by another envctl that has just started"),
    };
    Stopped { status: ExitStatus::Locked, message, hints: Vec::new() }
        .hint("nothing was started; try again when it has ended")
}

/// Formatter for the holder of a lock: `` `envctl deploy`, run 01…, by ann on host-1 (process 4711) ``
struct HolderName<'h>(&'h LockHolder);

impl fmt::Display for HolderName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let LockHolder { run, verb, user, host, pid, .. } = self.0;
        write!(f, "`envctl {verb}`")?;
        if let Some(run) = run {
            write!(f, ", run {run},")?;
        }
        if let Some(user) = user {
            write!(f, " by {user}")?;
        }
        if let Some(host) = host {
            write!(f, " on {host}")?;
        }
        write!(f, " (process {pid})")
    }
}

/// Waits until no engine and no hook that a killed run of this environment started runs any more.
fn wait_for_orphans(context: &Context, leftovers: &Leftovers) -> anyhow::Result<()> {
    for (run, error) in &leftovers.unreadable {
        context
            .printer
            .warn(format_args!("whether anything of run {run} still runs is not certain: {error}"));
    }
    let mut alive = leftovers.running_programs();
    if alive.is_empty() {
        return Ok(());
    }
    let began = context.clock.now();
    let waited = || context.clock.now().duration_since(began).as_secs_f64();
    context.interrupts.listen()?;
    let mut mentioned: Vec<OrphanProcess> = Vec::new();
    let mut reminders = 0;
    while !alive.is_empty() {
        for engine in alive.iter().filter(|engine| !mentioned.contains(engine)) {
            context.printer.say_always(format_args!("waiting for {}", orphan_text(engine)));
        }
        mentioned
            .extend(alive.iter().filter(|engine| !mentioned.contains(engine)).cloned().collect::<Vec<_>>());
        if waited() >= REMINDER_INTERVAL.as_secs_f64() * f64::from(reminders + 1) {
            reminders += 1;
            for engine in &alive {
                let time = seconds(waited());
                context.printer.say_always(format_args!("still waiting for {}, {time}", orphan_text(engine)));
            }
        }
        if let Some(signal) = context.interrupts.signal() {
            let pids: Vec<String> = alive.iter().map(|engine| engine.pid.to_string()).collect();
            let message = format!("interrupted; nothing was started, process {} still runs", pids.join(", "));
            let status = ExitStatus::Interrupted(signal);
            return Err(Stopped { status, message, hints: Vec::new() }.into());
        }
        thread::sleep(POLL_INTERVAL);
        alive = leftovers.running_programs();
    }
    context.printer.say(format_args!("waited {} for what an earlier run left running", seconds(waited())));
    Ok(())
}

fn orphan_text(engine: &OrphanProcess) -> String {
    let stack = engine.stack.as_ref().map_or_else(String::new, |stack| format!(" of stack `{stack}`"));
    let run = match &engine.run {
        Some(run) => format!("run {run}"),
        None => "`envctl exec`".to_owned(),
    };
    let what = match &engine.program {
        Program::Engine => "the engine".to_owned(),
        Program::Hook(Some(hook)) => format!("the hook `{hook}`"),
        Program::Hook(None) => "a hook".to_owned(),
    };
    format!("{what}{stack} (process {}): {run} ended without it", engine.pid)
}
