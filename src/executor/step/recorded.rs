//! Items that are recorded with a plan and reported when they differ, without refusing the plan.

use super::ready_stack::ReadyStack;
use crate::{
    engine::{EngineProgram, recorded_variables},
    model::{Failure, FailureKind},
    plans::{Binding, KEYED, PlanManifest, ProjectKey},
};

/// Returns the paths of the engine's programs, and the variables that select proxies and certificate authorities: they
/// differ between machines and do not affect the plan.
pub(super) fn recorded_items(key: &ProjectKey, ready: &ReadyStack) -> Result<Binding, Failure> {
    let mut recorded = Binding::default();
    for program in programs(ready)? {
        recorded.bind(program.role, program.path.as_str());
    }
    for name in recorded_variables(&ready.target.env) {
        if let Some(value) = ready.target.env.get(std::ffi::OsStr::new(name)) {
            let item = format!("variable {name}");
            let digest = key.digest(&item, value.as_encoded_bytes());
            recorded.bind(item, format!("{KEYED}{digest}"));
        }
    }
    Ok(recorded)
}

/// Returns descriptions of the recorded items that changed since a plan was made.
pub(super) fn recorded_differences(
    key: &ProjectKey,
    ready: &ReadyStack,
    manifest: &PlanManifest,
) -> Result<Vec<String>, Failure> {
    Ok(manifest.recorded.differences(&recorded_items(key, ready)?))
}

/// Returns the programs of a stack's engine with their current digests.
pub(super) fn programs(ready: &ReadyStack) -> Result<Vec<EngineProgram>, Failure> {
    ready.engine.programs().map_err(|error| {
        let summary = format!("cannot read the program of {}: {error}", ready.engine.name());
        Failure::new(FailureKind::Engine, summary)
    })
}
