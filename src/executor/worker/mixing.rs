//! Whether the plan of a unit rests on mocks that were mixed with outputs, of which its engine says nothing.

use camino::Utf8Path;

use super::{Work, Worker};
use crate::{
    engine::{EngineError, Planned, Session},
    files,
    model::{Failure, FailureKind, TENTATIVE},
};

impl Worker {
    /// A plan that was made with what its stack takes, and that says whether it rests on mocks; any other is removed.
    pub(super) fn examined(
        &self,
        (work, file): (&Work, &Utf8Path),
        planned: Planned,
        session: &Session<'_>,
    ) -> Result<Planned, EngineError> {
        let examined = work.took(file).map_err(EngineError::Failed);
        let examined = examined.and_then(|()| self.unmixed(work, planned, session));
        examined.map_err(|error| match files::remove_if_there(file) {
            Ok(()) => error,
            Err(io) => {
                let summary = format!("cannot remove the unusable plan file `{file}`: {io}");
                EngineError::Failed(
                    Failure::new(FailureKind::Unknown, summary).with_detail(error.to_string()),
                )
            }
        })
    }

    /// A plan, tentative when mocks stand in for something; the note says for what.
    fn unmixed(
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
