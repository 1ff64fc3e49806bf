//! Circumstances that are recorded with a plan and reported when they differ, without refusing the plan.

use super::work::Work;
use crate::{
    engine::{EngineProgram, recorded_variables},
    model::{Failure, FailureKind},
    plans::{Binding, KEYED, Key, Manifest},
};

/// Returns the paths of the engine's programs, and the variables that select proxies and certificate authorities: they
/// differ between machines and do not affect the plan.
pub(super) fn recorded(key: &Key, work: &Work) -> Result<Binding, Failure> {
    let mut recorded = Binding::default();
    for program in programs(work)? {
        recorded.bind(program.role, program.path.as_str());
    }
    for name in recorded_variables(&work.target.env) {
        if let Some(value) = work.target.env.get(std::ffi::OsStr::new(name)) {
            let item = format!("variable {name}");
            let digest = key.digest(&item, value.as_encoded_bytes());
            recorded.bind(item, format!("{KEYED}{digest}"));
        }
    }
    Ok(recorded)
}

/// Returns descriptions of the recorded circumstances that changed since a plan was made.
pub(super) fn recorded_differences(
    key: &Key,
    work: &Work,
    manifest: &Manifest,
) -> Result<Vec<String>, Failure> {
    Ok(manifest.recorded.differences(&recorded(key, work)?))
}

/// Returns the programs of a stack's engine with their current digests.
pub(super) fn programs(work: &Work) -> Result<Vec<EngineProgram>, Failure> {
    work.engine.programs().map_err(|error| {
        let summary = format!("cannot read the program of {}: {error}", work.engine.name());
        Failure::new(FailureKind::Engine, summary)
    })
}
