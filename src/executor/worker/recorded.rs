//! Circumstances that are recorded with a plan and shown where they differ, and that do not refuse it.

use super::{Work, Worker};
use crate::{
    engine::{EngineProgram, recorded_variables},
    model::{Failure, FailureKind},
    plans::{Binding, KEYED, Manifest},
};

impl Worker {
    /// Returns where the programs of the engine lie, and the variables through which proxies and certificate authorities are
    /// chosen: machines differ in them, and a provider does the same through each.
    pub(super) fn recorded(&self, work: &Work) -> Result<Binding, Failure> {
        let mut recorded = Binding::default();
        for program in programs(work)? {
            recorded.bind(program.role, program.path.as_str());
        }
        for name in recorded_variables(&work.target.env) {
            if let Some(value) = work.target.env.get(std::ffi::OsStr::new(name)) {
                let item = format!("variable {name}");
                let digest = self.key.digest(&item, value.as_encoded_bytes());
                recorded.bind(item, format!("{KEYED}{digest}"));
            }
        }
        Ok(recorded)
    }

    /// Returns what of them is not as it was when a plan was made, each in words.
    pub(super) fn recorded_differences(
        &self,
        work: &Work,
        manifest: &Manifest,
    ) -> Result<Vec<String>, Failure> {
        Ok(manifest.recorded.differences(&self.recorded(work)?))
    }
}

/// Returns the programs of the engine of a stack as they are now.
pub(super) fn programs(work: &Work) -> Result<Vec<EngineProgram>, Failure> {
    work.engine.programs().map_err(|error| {
        let summary = format!("cannot read the program of {}: {error}", work.engine.name());
        Failure::new(FailureKind::Engine, summary)
    })
}
