//! Stored results of an earlier run that another run takes over: its request, and its result for each stack.

use anyhow::Context as _;

use super::{Context, RunRequest, Stopped, resumable::RunEvents};
use crate::{
    engine::GivenFlags,
    event::{EventKind, StepKind},
    executor::{PriorResult, StoredPlan},
    graph::Selection,
    journal::{RunStore, StoredRun},
    model::{Report, RunId, RunVerb, StackId, StackNote, StackReport, StackResult},
    plans::{ProjectKey, SealError, StoredRequest},
};

/// Earlier run whose plans may still be applied.
pub(crate) struct StoredPlans {
    /// Request of the run.
    pub(crate) stored_request: StoredRequest,
    /// Result of the run for each stack.
    pub(crate) stacks: Vec<(StackId, PriorResult)>,
}

/// Returns the request for the environment, stacks and addresses of an earlier run. `options` has the other flags.
pub(crate) fn request_of_stored_run(stored_request: &StoredRequest, options: &RunRequest) -> RunRequest {
    let patterns = stored_request.stacks.iter().map(ToString::to_string).collect();
    RunRequest {
        environment: Some(stored_request.environment.to_string()),
        selection: Selection { patterns, ..Selection::default() },
        targets: stored_request.targets.clone(),
        excludes: stored_request.excludes.clone(),
        replace: stored_request.replace.clone(),
        ..options.clone()
    }
}

/// Returns the command line that starts a verb anew with the request of an earlier run. `options` has the other flags.
pub(crate) fn repeated_command(
    context: &Context,
    options: &RunRequest,
    stored_request: &StoredRequest,
    selects_all: bool,
    verb: RunVerb,
) -> String {
    let mut request = request_of_stored_run(stored_request, options);
    if selects_all {
        request.selection = Selection::default();
    }
    let context = context.with_values(stored_request.vars.clone(), stored_request.sets.clone());
    request.command_line(verb, &stored_request.environment, &context.shown_flags(&stored_request.environment))
}

/// Returns the stored request of a run, if it was neither edited nor copied. `flags` are those of the command line.
pub(crate) fn read_stored_request(
    flags: &GivenFlags,
    store: &RunStore,
    run: &StoredRun,
) -> anyhow::Result<(StoredRequest, ProjectKey)> {
    let key = ProjectKey::of_project(store.envctl_dir()?)?;
    let stored_request = match StoredRequest::read(&key, &run.dir.request()) {
        Ok(stored_request) => stored_request,
        Err(SealError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Err(Stopped::refused(format!("run {} has not stored what it was asked for", run.id))
                .hint(format!("plan again: `{}`", flags.command("plan ENV")))
                .into());
        }
        Err(error) => return Err(altered_error(&run.id, &error.to_string()).into()),
    };
    if stored_request.run != run.id {
        return Err(altered_error(&run.id, &format!("it was copied from run {}", stored_request.run)).into());
    }
    Ok((stored_request, key))
}

/// Refuses a run whose values were removed at its end.
pub(crate) fn refuse_removed_values(
    context: &Context,
    run: &RunId,
    stored_request: &StoredRequest,
) -> Result<(), Stopped> {
    if stored_request.values_removed {
        let message = format!("run {run} is over, and the values that it was given are removed");
        let plan = context.given_flags().command(&format!("plan {}", stored_request.environment));
        return Err(Stopped::refused(message).hint(format!("plan again: `{plan}`")));
    }
    Ok(())
}

/// Returns the plans of a run that has begun no apply. `options` has the flags of the command that applies them.
pub(crate) fn read_stored_plans(
    context: &Context,
    options: &RunRequest,
    store: &RunStore,
    run: &StoredRun,
) -> anyhow::Result<StoredPlans> {
    let (stored_request, key) = read_stored_request(&context.given_flags(), store, run)?;
    let events = RunEvents::read(run.clone())?;
    let has_begun = |kind: &EventKind| matches!(kind, EventKind::StepStarted { step: StepKind::Apply, .. });
    let again = || {
        let verb = if stored_request.destroy { RunVerb::Destroy } else { RunVerb::Plan };
        let line = repeated_command(context, options, &stored_request, events.selects_all(), verb);
        format!("plan again: `{line}`")
    };
    if events.events.iter().any(|event| has_begun(&event.kind)) {
        return Err(Stopped::refused(format!("run {} has begun to apply its plans", run.id))
            .hint(format!("a stored plan is applied at most once; {}", again()))
            .into());
    }
    refuse_removed_values(context, &run.id, &stored_request)?;
    let report = run.report()?;
    if report.environment != stored_request.environment {
        let why = format!(
            "`environment` is `{}` in its journal, `{}` in its request",
            report.environment, stored_request.environment
        );
        return Err(altered_error(&run.id, &why).into());
    }
    let mut stacks = Vec::new();
    for stack in &stored_request.stacks {
        let earlier = match StoredPlan::find(&run.dir, &run.id, stack, &key) {
            Ok(Some(plan)) => PriorResult::Planned(Box::new(plan)),
            Ok(None) => result_without_plan(&report, stack, &again)?,
            Err(error) => return Err(altered_error(&run.id, &error.to_string()).into()),
        };
        stacks.push((stack.clone(), earlier));
    }
    if !stacks.iter().any(|(_, earlier)| matches!(earlier, PriorResult::Planned(_))) {
        let why = Stopped::refused(format!("run {} has nothing to apply", run.id));
        let show = context.given_flags().command(&format!("runs show {}", run.id));
        return Err(why.hint(format!("`{show}` shows what it found")).into());
    }
    Ok(StoredPlans { stored_request, stacks })
}

/// Returns the result of a stack without a stored plan; `again` returns the hint with the command that makes new plans.
fn result_without_plan(
    report: &Report,
    stack: &StackId,
    again: &dyn Fn() -> String,
) -> anyhow::Result<PriorResult> {
    let reported: &StackReport = report
        .stacks
        .iter()
        .find(|reported| reported.stack == *stack)
        .with_context(|| format!("run {} says nothing of stack `{stack}`", report.run))?;
    let run = &report.run;
    let refused = |message: String| Stopped::refused(message).hint(again());
    match (reported.result, &reported.because) {
        (Some(StackResult::Clean), _) => Ok(PriorResult::Clean),
        // Terragrunt's `exclude` block left the stack out.
        (Some(StackResult::Skipped), None)
            if reported.notes.iter().any(|note| matches!(StackNote::parse(note), StackNote::LeftOut(_))) =>
        {
            Ok(PriorResult::Clean)
        }
        (Some(StackResult::Deferred), Some(because)) => {
            Ok(PriorResult::Deferred { because: because.clone() })
        }
        (Some(StackResult::Changes), _) => Err(refused(format!(
            "the plan of stack `{stack}` in run {run} is gone: a stored plan is applied at most once"
        ))
        .into()),
        _ => {
            Err(refused(format!("run {run} could not plan stack `{stack}`, so there is nothing to confirm"))
                .into())
        }
    }
}

fn altered_error(run: &RunId, why: &str) -> Stopped {
    Stopped::refused(format!("run {run} is not as it was stored: {why}"))
        .hint("plan again; what a run stored is applied as it is, or not at all")
}
