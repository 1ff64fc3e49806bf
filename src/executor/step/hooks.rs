//! Hooks of a stack: programs of the project that run before and after its steps.

use std::fs;

use camino::Utf8Path;

use super::{ready_stack::ReadyStack, step_result::StepResult};
use crate::{
    config::Hooks,
    engine::{Log, Progress, Session, Target},
    executor::{HookProcess, IdentityError, StepHandle, named_program::command_line},
    model::{Block, Failure, FailureKind, Guard, Outcome},
    process::{Exit, ProcessError, ProcessEvent},
};

/// Number of last output lines that are shown of a failed hook.
const SHOWN_LINES: usize = 20;

/// Point in a step at which a hook runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HookPoint {
    /// Before the plan, and before its inputs are recorded.
    BeforePlan,
    /// After a plan that succeeded.
    AfterPlan,
    /// Before the apply, and before the inputs of the plan are compared.
    BeforeApply,
    /// After an apply that succeeded.
    AfterApply,
    /// After any step that failed.
    OnFailure,
}

impl HookPoint {
    /// Returns the key in environments.toml.
    fn key(self) -> &'static str {
        match self {
            Self::BeforePlan => "before_plan",
            Self::AfterPlan => "after_plan",
            Self::BeforeApply => "before_apply",
            Self::AfterApply => "after_apply",
            Self::OnFailure => "on_failure",
        }
    }

    fn commands(self, hooks: &Hooks) -> &[Vec<String>] {
        match self {
            Self::BeforePlan => &hooks.before_plan,
            Self::AfterPlan => &hooks.after_plan,
            Self::BeforeApply => &hooks.before_apply,
            Self::AfterApply => &hooks.after_apply,
            Self::OnFailure => &hooks.on_failure,
        }
    }
}

/// Reason why a hook did not succeed.
#[derive(Debug)]
pub(super) enum HookError {
    /// A hook failed.
    Failed(Failure),
    /// The user interrupted the run; holds the name of the hook that did not run to its end.
    Interrupted(String),
}

impl HookError {
    /// Returns the text of a note, for a hook whose failure does not fail the step.
    pub(super) fn into_note(self) -> String {
        match self {
            Self::Failed(failure) => failure.summary,
            Self::Interrupted(hook) => format!("{hook} was interrupted"),
        }
    }

    /// Returns the outcome of a step that its hook ended.
    pub(super) fn into_outcome(self) -> Outcome {
        match self {
            Self::Failed(failure) => Outcome::Failed(failure),
            Self::Interrupted(_) => Outcome::Interrupted,
        }
    }
}

/// Runs the hooks of one point one after the other, up to the first failure; returns notes for the user.
///
/// Their output goes to the stack's log, by way of files, so that hooks finish even when envctl is killed. An interrupt
/// of the user sends them one SIGINT, as to an engine.
pub(super) fn run(
    point: HookPoint,
    ready: &ReadyStack,
    session: &Session<'_>,
    handle: &dyn StepHandle,
) -> Result<Vec<String>, HookError> {
    let mut notes = Vec::new();
    for argv in point.commands(&ready.hooks) {
        notes.extend(run_one(point, argv, &ready.target, session, handle)?);
    }
    Ok(notes)
}

/// Runs the hooks of one point; returns their notes, or the end of the step if a hook failed.
pub(super) fn run_for_step(
    point: HookPoint,
    ready: &ReadyStack,
    session: &Session<'_>,
    handle: &dyn StepHandle,
) -> Result<Vec<String>, Box<StepResult>> {
    run(point, ready, session, handle).map_err(|error| Box::new(StepResult::new(error.into_outcome())))
}

/// Runs the hooks before an apply with changes, and checks the identity again.
pub(super) fn run_before_apply(
    changes: bool,
    ready: &ReadyStack,
    session: &Session<'_>,
    handle: &dyn StepHandle,
) -> Result<Vec<String>, Box<StepResult>> {
    if !changes {
        return Ok(Vec::new());
    }
    let notes = run_for_step(HookPoint::BeforeApply, ready, session, handle)?;
    let Some(identity) = &ready.identity else { return Ok(notes) };
    let progress = |text| (session.observer)(Progress::Doing(text));
    let then = ready.plan_inputs.identity.as_deref();
    match identity.query_again(then, &ready.target.env, session.runner, &progress) {
        Ok(()) => Ok(notes),
        Err(IdentityError::Interrupted) => Err(Box::new(StepResult::new(Outcome::Interrupted))),
        Err(error) => {
            let block = Block::new(Guard::Identity, error.to_string());
            Err(Box::new(StepResult::new(Outcome::Refused(vec![block]))))
        }
    }
}

fn run_one(
    point: HookPoint,
    argv: &[String],
    target: &Target,
    session: &Session<'_>,
    handle: &dyn StepHandle,
) -> Result<Vec<String>, HookError> {
    let key = point.key();
    let hook = session.runner.redactor().mask(&format!("hook {key} `{}`", argv.join(" "))).into_owned();
    let command = command_line(argv, &target.project, &target.env);
    let files = ["hook-stdout", "hook-stderr"].map(|name| session.log.with_extension(name));
    let mut log = Log::open(session.log, session.runner.redactor());
    log.command(&command);
    let (mut last, mut started) = (Vec::new(), None);
    let result = session.runner.mutate(&command, &files[0], &files[1], &mut |event| match event {
        // A hook may change resources: when envctl is killed, the next run waits for it as for an engine.
        ProcessEvent::Started { pid } => {
            (session.observer)(Progress::Doing(hook.clone()));
            let program = argv.first().map(|word| session.runner.redactor().mask(word).into_owned());
            let process = HookProcess { hook: key, program: program.unwrap_or_default(), pid };
            if handle.hook_started(&process).is_err() {
                (session.observer)(Progress::Doing(format!("{key}: its start could not be recorded")));
            }
            started = Some(process);
        }
        ProcessEvent::Line { text, .. } => {
            log.line(text);
            (session.observer)(Progress::Doing(format!("{key}: {text}")));
            if last.len() == SHOWN_LINES {
                last.remove(0);
            }
            last.push(text.to_owned());
        }
    });
    let exit = match result {
        Ok(finished) => finished.exit,
        Err(ProcessError::Interrupted) => return Err(HookError::Interrupted(hook)),
        Err(error) => {
            let failure = Failure::new(FailureKind::Unknown, format!("{hook} cannot be run: {error}"));
            return Err(HookError::Failed(failure.with_detail(error.detail())));
        }
    };
    if let Some(process) = &started
        && handle.hook_ended(process, exit.to_string()).is_err()
    {
        (session.observer)(Progress::Doing(format!("{key}: its end could not be recorded")));
    }
    let notes = files.iter().filter_map(|file| remove_output_file(file)).chain(log.note()).collect();
    if exit == Exit::Code(0) {
        return Ok(notes);
    }
    log.line(&format!("({exit})"));
    if session.runner.is_interrupted() {
        return Err(HookError::Interrupted(hook));
    }
    let summary = format!("{hook} failed ({exit})");
    Err(HookError::Failed(Failure::new(FailureKind::Unknown, summary).with_detail(last.join("\n"))))
}

/// Removes a hook's output file, whose content is in the log, masked; returns a note if that fails.
fn remove_output_file(file: &Utf8Path) -> Option<String> {
    let error = fs::remove_file(file).err()?;
    Some(format!("`{file}` may hold secrets and could not be removed: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_hook_point_has_the_commands_of_its_key() {
        let list = |name: &str| vec![vec![name.to_owned()]];
        let hooks = Hooks {
            before_plan: list("before_plan"),
            after_plan: list("after_plan"),
            before_apply: list("before_apply"),
            after_apply: list("after_apply"),
            on_failure: list("on_failure"),
        };
        for point in [
            HookPoint::BeforePlan,
            HookPoint::AfterPlan,
            HookPoint::BeforeApply,
            HookPoint::AfterApply,
            HookPoint::OnFailure,
        ] {
            assert_eq!(point.commands(&hooks), [[point.key()]]);
        }
    }
}
