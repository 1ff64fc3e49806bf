//! Stored results of an earlier run that another run takes over: its request, and its result for each stack.

use anyhow::Context as _;

use super::Stopped;
use crate::{
    event::{EventKind, StepKind},
    executor::{PriorResult, StoredPlan},
    journal::{RunStore, StoredRun},
    model::{LEFT_OUT, Report, RunId, StackId, StackReport, StackResult},
    plans::{AskedFor, Key, SealError},
};

/// Earlier run whose plans may still be applied.
pub(crate) struct Stored {
    /// Request of the run.
    pub(crate) asked: AskedFor,
    /// Result of the run for each stack.
    pub(crate) stacks: Vec<(StackId, PriorResult)>,
}

/// Returns the stored request of a run, if it was neither edited nor copied.
pub(crate) fn asked_for(store: &RunStore, run: &StoredRun) -> anyhow::Result<(AskedFor, Key)> {
    let key = Key::of_project(store.envctl_dir()?)?;
    let asked = match AskedFor::read(&key, &run.dir.request()) {
        Ok(asked) => asked,
        Err(SealError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            return Err(Stopped::refused(format!("run {} has not stored what it was asked for", run.id))
                .hint("plan again: `envctl plan ENV`")
                .into());
        }
        Err(error) => return Err(edited(&run.id, &error.to_string()).into()),
    };
    if asked.run != run.id {
        return Err(edited(&run.id, &format!("it was copied from run {}", asked.run)).into());
    }
    Ok((asked, key))
}

/// Refuses a run whose values were removed at its end.
pub(crate) fn with_its_values(run: &RunId, asked: &AskedFor) -> Result<(), Stopped> {
    if asked.values_removed {
        let message = format!("run {run} is over, and the values that it was given are removed");
        return Err(
            Stopped::refused(message).hint(format!("plan again: `envctl plan {}`", asked.environment))
        );
    }
    Ok(())
}

/// Returns the plans of a run that has begun no apply.
pub(crate) fn stored(store: &RunStore, run: &StoredRun) -> anyhow::Result<Stored> {
    let (asked, key) = asked_for(store, run)?;
    let events = run.events()?.events;
    let has_begun = |kind: &EventKind| matches!(kind, EventKind::StepStarted { step: StepKind::Apply, .. });
    if events.iter().any(|event| has_begun(&event.kind)) {
        return Err(Stopped::refused(format!("run {} has begun to apply its plans", run.id))
            .hint("a stored plan is applied at most once: plan again")
            .into());
    }
    with_its_values(&run.id, &asked)?;
    let report = run.report()?;
    if report.environment != asked.environment {
        let why = format!(
            "`environment` is `{}` in its journal, `{}` in its request",
            report.environment, asked.environment
        );
        return Err(edited(&run.id, &why).into());
    }
    let mut stacks = Vec::new();
    for stack in &asked.stacks {
        let earlier = match StoredPlan::find(&run.dir, &run.id, stack, &key) {
            Ok(Some(plan)) => PriorResult::Planned(Box::new(plan)),
            Ok(None) => without_plan(&report, stack)?,
            Err(error) => return Err(edited(&run.id, &error.to_string()).into()),
        };
        stacks.push((stack.clone(), earlier));
    }
    if !stacks.iter().any(|(_, earlier)| matches!(earlier, PriorResult::Planned(_))) {
        let why = Stopped::refused(format!("run {} has nothing to apply", run.id));
        return Err(why.hint(format!("`envctl runs show {}` shows what it found", run.id)).into());
    }
    Ok(Stored { asked, stacks })
}

/// Returns the result of a stack without a stored plan.
fn without_plan(report: &Report, stack: &StackId) -> anyhow::Result<PriorResult> {
    let reported: &StackReport = report
        .stacks
        .iter()
        .find(|reported| reported.stack == *stack)
        .with_context(|| format!("run {} says nothing of stack `{stack}`", report.run))?;
    let run = &report.run;
    let refused = |message: String| Stopped::refused(message).hint("plan again");
    match (reported.result, &reported.because) {
        (Some(StackResult::Clean), _) => Ok(PriorResult::Clean),
        // Terragrunt's `exclude` block left the stack out.
        (Some(StackResult::Skipped), None)
            if reported.notes.iter().any(|note| note.starts_with(LEFT_OUT)) =>
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

fn edited(run: &RunId, why: &str) -> Stopped {
    Stopped::refused(format!("run {run} is not as it was stored: {why}"))
        .hint("plan again; what a run stored is applied as it is, or not at all")
}
