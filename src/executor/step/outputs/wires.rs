//! Values that a stack takes from others, added to its work before each of its plans.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use super::{
    upstream_output::OutputState,
    values::{wired_to, with_values},
    wiring::{NoValues, UpstreamValues},
};
use crate::{
    engine::{EngineError, Output, PlanMode},
    executor::step::{
        attempts::attempt,
        ended::{Ended, unprepared},
        running_step::RunningStep,
        work::{PlanOptions, Work},
    },
    model::{Failure, FailureKind, Outcome, StackId},
};

/// Advice for destroying a stack that takes a value which no longer exists.
const BY_HAND: &str = "`--var NAME=VALUE` gives a variable the value that it had";

/// Work with the values that it takes from others.
pub(in crate::executor::step) struct Wired<'w> {
    pub(in crate::executor::step) work: Cow<'w, Work>,
    /// Notes about these values.
    pub(in crate::executor::step) notes: Vec<String>,
    /// True if some values come from plans that are not applied yet.
    pub(in crate::executor::step) rests_on_plans: bool,
}

/// Version of an upstream stack's outputs, if that stack is planned and not applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::executor::step) enum Take {
    /// Outputs after the plan's apply.
    Planned,
    /// Outputs before the plan's apply.
    Present,
}

/// Returns the work with the current values that it takes from other stacks.
pub(in crate::executor::step) fn wired<'w>(
    step: &mut RunningStep<'_>,
    work: &'w Work,
    take: Take,
) -> Result<Wired<'w>, Box<Ended>> {
    if work.wiring.is_empty() {
        return Ok(Wired { work: Cow::Borrowed(work), notes: Vec::new(), rests_on_plans: false });
    }
    let mut notes = Vec::new();
    let outputs = sources(step, work, &mut notes, |source| step.upstreams.outputs(source, step.session))?;
    let values = match work.wiring.values(&outputs, &|source| output_state_of(step, source, take)) {
        Ok(values) => values,
        Err(NoValues::Never(failure)) if step.run.options.mode == PlanMode::Destroy => {
            return Err(Box::new(without_values(step, failure, work)));
        }
        Err(NoValues::Never(failure)) => return Err(failed(failure)),
        Err(NoValues::Before { need, missing }) => {
            let notes = vec![format!("cannot be planned before `{need}` is applied: {missing}")];
            return Err(Box::new(Ended { notes, ..Ended::new(Outcome::Deferred { because: need }) }));
        }
    };
    let wired = with_values(work, &values, step.run.runner.redactor()).map_err(failed)?;
    notes.extend(values.notes());
    step.stack_run.wired = Some(Arc::new(wired.clone()));
    Ok(Wired { work: Cow::Owned(wired), notes, rests_on_plans: !values.from_plans.is_empty() })
}

/// Returns the work with the values right before an apply: the plan is bound to those that it was made with.
pub(in crate::executor::step) fn wired_now<'w>(
    step: &RunningStep<'_>,
    work: &'w Work,
) -> Result<Cow<'w, Work>, Box<Ended>> {
    if work.wiring.is_empty() {
        return Ok(Cow::Borrowed(work));
    }
    let read = |source: &StackId| step.upstreams.outputs_now(source, step.session);
    let outputs = sources(step, work, &mut Vec::new(), read)?;
    let has_state = |source: &StackId| step.upstreams.has_state(source);
    wired_to(work, &outputs, &has_state, step.run.runner.redactor()).map(Cow::Owned).map_err(failed)
}

/// Returns the outputs of all stacks that values are taken from.
fn sources(
    step: &RunningStep<'_>,
    work: &Work,
    notes: &mut Vec<String>,
    read: impl Fn(&StackId) -> Result<Arc<Vec<Output>>, EngineError>,
) -> Result<HashMap<StackId, Arc<Vec<Output>>>, Box<Ended>> {
    let mut outputs = HashMap::new();
    for source in work.wiring.sources() {
        let tried = attempt(&step.run.runner, step.session, || read(&source));
        notes.extend(tried.note);
        let found = tried.result.map_err(|error| match error {
            EngineError::Failed(Failure { kind, summary, detail, .. }) => {
                let summary = format!("cannot read the outputs of `{source}`: {summary}");
                let failure = Failure::new(kind, summary).with_detail(detail);
                Box::new(unprepared(EngineError::Failed(failure), work))
            }
            error => Box::new(unprepared(error, work)),
        })?;
        outputs.insert(source, found);
    }
    Ok(outputs)
}

/// Returns the state of an upstream stack's outputs in the run.
fn output_state_of(step: &RunningStep<'_>, source: &StackId, take: Take) -> OutputState {
    // A stack that is destroyed gets no new outputs; its outputs went away with its state.
    if step.run.options.mode == PlanMode::Destroy || !step.dependencies.contains_key(source) {
        OutputState::Elsewhere { has_state: step.upstreams.has_state(source) }
    } else if step.is_pending(source) {
        let pending = OutputState::Pending(step.upstreams.coming(source));
        if take == Take::Planned { pending } else { pending.into_unknown() }
    } else {
        OutputState::Settled
    }
}

/// Returns the result of destroying a stack whose values do not exist (any more): clean if its state is empty.
fn without_values(step: &RunningStep<'_>, failure: Failure, work: &Work) -> Ended {
    let tried = attempt(&step.run.runner, step.session, || {
        work.engine.prepare(&work.target, false, false, step.session)?;
        work.engine.known_state(&work.target, work.accept_lineage, step.session)?;
        work.engine.state_addresses(&work.target, step.session)
    });
    match tried.result {
        Ok(addresses) if !addresses.is_empty() => {
            let detail = format!("{}; {BY_HAND}", failure.detail);
            Ended::new(Outcome::Failed(failure.with_detail(detail)))
        }
        Ok(_) | Err(EngineError::MissingWorkspace { .. }) => {
            let notes = vec!["there is nothing of it".to_owned()];
            Ended { notes, ..Ended::new(Outcome::Clean) }
        }
        Err(error) => unprepared(error, work),
    }
}

/// Returns the failure of a destroy plan that uses mocks: such a plan would never be made again with real values.
pub(in crate::executor::step) fn destroys_with_mocks(options: &PlanOptions, work: &Work) -> Option<Failure> {
    let is_tentative = work.upstream_values == UpstreamValues::Tentative;
    let refuses = options.mode == PlanMode::Destroy && is_tentative;
    refuses.then(|| {
        let summary = "it would be destroyed with mocks for outputs that do not exist";
        Failure::new(FailureKind::Config, summary).with_detail(BY_HAND)
    })
}

fn failed(failure: Failure) -> Box<Ended> {
    Box::new(Ended::new(Outcome::Failed(failure)))
}
