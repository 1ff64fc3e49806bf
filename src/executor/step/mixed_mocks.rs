//! Detection of mocks that Terragrunt merged with real outputs in the plan of a unit, which Terragrunt does not report.

use camino::Utf8Path;

use super::{
    outputs::upstream_inputs::UpstreamValues, ready_stack::ReadyStack, step_context::StepContext,
    verify::verify_inputs,
};
use crate::{
    engine::{EngineError, Planned},
    files,
    inventory::plan_inputs::{MixedMocks, UnresolvedIncludes},
    model::{Failure, FailureKind, TentativeReason},
};

/// Checks that a plan was made with the values that its stack takes, and marks it as tentative if it uses mocks; a plan
/// that fails the check is removed.
pub(super) fn verify_plan(
    step: &StepContext<'_>,
    ready: &ReadyStack,
    file: &Utf8Path,
    planned: Planned,
) -> Result<Planned, EngineError> {
    let verified = verify_inputs(ready, file).map_err(EngineError::Failed);
    let verified = verified.and_then(|warnings| {
        let notes = planned.notes.into_iter().chain(warnings).collect();
        reject_mixed_mocks(step, ready, Planned { notes, ..planned })
    });
    verified.map_err(|error| match files::remove_if_there(file) {
        Ok(()) => error,
        Err(io) => {
            let summary = format!("cannot remove the unusable plan file `{file}`: {io}");
            EngineError::Failed(Failure::new(FailureKind::Unknown, summary).with_detail(error.to_string()))
        }
    })
}

/// Marks a plan as tentative if mocks replace an output, with a note that names it.
fn reject_mixed_mocks(
    step: &StepContext<'_>,
    ready: &ReadyStack,
    mut planned: Planned,
) -> Result<Planned, EngineError> {
    planned.tentative |= ready.upstream_values == UpstreamValues::Tentative;
    if planned.tentative {
        return Ok(planned);
    }
    for mocks in mixed_mocks_of(step, ready, &mut planned)? {
        let stack = mocks.dir.as_deref().and_then(|dir| step.upstreams.in_folder(dir));
        let replaced = match stack {
            None => Some(mocks.dependency.clone()),
            Some(stack) => {
                let outputs = step.upstreams.outputs(stack, step.session)?;
                let current = outputs.iter().map(|output| (output.name.clone(), output.value.clone()));
                mocks.first_replaced_output(&current.collect())
            }
        };
        if let Some(what) = replaced {
            planned.tentative = true;
            let dependency = mocks.dependency.clone();
            planned.notes.push(TentativeReason::MergedMocks { dependency, output: what }.note());
        }
    }
    Ok(planned)
}

/// Returns the dependencies of a unit whose mocks are merged with outputs. If envctl cannot read that from its files, it
/// runs Terragrunt; if that fails too, the plan becomes tentative.
fn mixed_mocks_of(
    step: &StepContext<'_>,
    ready: &ReadyStack,
    planned: &mut Planned,
) -> Result<Vec<MixedMocks>, EngineError> {
    let scope = &ready.plan_inputs.scope;
    let (mixed, unresolved) = (MixedMocks::find(scope), UnresolvedIncludes::find(scope));
    if !unresolved.readers.is_empty() && step.upstreams.any_file_mixes_mocks(scope) {
        planned.tentative = true;
        let files: Vec<String> = unresolved.readers.iter().map(ToString::to_string).collect();
        planned.notes.push(TentativeReason::UnreadConfigs(files).note());
    }
    if unresolved.includes.is_empty() && !mixed.iter().any(MixedMocks::is_unresolved) {
        return Ok(mixed);
    }
    match ready.engine.dependencies(&ready.target, step.session) {
        Ok(Some(blocks)) => Ok(MixedMocks::find_rendered(scope, &blocks)),
        Ok(None) => Ok(mixed),
        Err(EngineError::Failed(failure)) => {
            planned.tentative = true;
            let includes = unresolved.includes.iter().map(ToString::to_string).collect();
            let failure = failure.summary;
            planned.notes.push(TentativeReason::UnlistedDependencies { includes, failure }.note());
            Ok(mixed)
        }
        Err(error) => Err(error),
    }
}
