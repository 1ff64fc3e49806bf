//! Whether the plan of a unit rests on mocks that were mixed with outputs, of which its engine says nothing.

use super::{Work, Worker};
use crate::{
    engine::{EngineError, Planned, Session},
    model::TENTATIVE,
};

impl Worker {
    /// A plan, tentative when mocks stand in for something; the note says for what.
    pub(super) fn unmixed(
        &self,
        work: &Work,
        mut planned: Planned,
        session: &Session<'_>,
    ) -> Result<Planned, EngineError> {
        planned.tentative |= work.mocked;
        if planned.tentative {
            return Ok(planned);
        }
        for mocks in work.ground.scope.mixed_mocks() {
            let stack = mocks.dir.as_deref().and_then(|dir| self.upstreams.in_folder(dir));
            let stands_in = match stack {
                None => Some(mocks.dependency.clone()),
                Some(stack) => {
                    let outputs = self.upstreams.outputs(stack, session)?;
                    let there = outputs.iter().map(|output| (output.name.clone(), output.value.clone()));
                    mocks.stands_in(&there.collect())
                }
            };
            if let Some(what) = stands_in {
                planned.tentative = true;
                planned.notes.push(format!(
                    "{TENTATIVE}mocks of dependency `{}` stand in for `{what}`",
                    mocks.dependency
                ));
            }
        }
        Ok(planned)
    }
}
