//! The outputs that stacks take from other stacks: read once in a run, and again once they were applied.

use std::{
    borrow::Cow,
    collections::HashMap,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use camino::Utf8Path;

use super::{
    wiring::{NoValues, Standing},
    worker::Work,
};
use crate::{
    engine::{EngineError, Output, Session, outputs_at, outputs_before},
    model::{Failure, FailureKind, StackId},
};

type Slot = Arc<Mutex<Option<Arc<Vec<Output>>>>>;

/// The stacks whose outputs others take, and what is known of these.
#[derive(Default)]
pub struct Upstreams {
    work: HashMap<StackId, Work>,
    read: Mutex<HashMap<StackId, Slot>>,
}

impl Upstreams {
    /// Those of the stacks `wanted`, each with what its engine needs.
    pub fn new(work: HashMap<StackId, Work>) -> Self {
        Self { work, read: Mutex::default() }
    }

    /// The outputs of a stack as its state has them. Where there is no state there are none.
    pub(super) fn outputs(
        &self,
        stack: &StackId,
        session: &Session<'_>,
    ) -> Result<Arc<Vec<Output>>, EngineError> {
        let slot = self.slot(stack);
        let mut read = lock(&slot);
        if let Some(outputs) = &*read {
            return Ok(Arc::clone(outputs));
        }
        let Some(work) = self.work.get(stack) else {
            let summary = format!("`{stack}` was not made ready, and its outputs are wanted");
            return Err(EngineError::Failed(Failure::new(FailureKind::Defect, summary)));
        };
        let outputs = Arc::new(from_state(work, session)?);
        *read = Some(Arc::clone(&outputs));
        Ok(outputs)
    }

    /// The stack in a folder.
    pub(super) fn in_folder(&self, dir: &Utf8Path) -> Option<&StackId> {
        self.work.iter().find(|(_, work)| work.target.dir == dir).map(|(stack, _)| stack)
    }

    /// Work with the values that it takes from others, as these have them now; nothing stands in for what is missing.
    pub fn wire<'w>(&self, work: &'w Work, session: &Session<'_>) -> Result<Cow<'w, Work>, EngineError> {
        if self.work.is_empty() || work.wiring.is_empty() {
            return Ok(Cow::Borrowed(work));
        }
        let sources = work.wiring.sources();
        let read =
            sources.into_iter().map(|source| self.outputs(&source, session).map(|read| (source, read)));
        let read = read.collect::<Result<HashMap<_, _>, EngineError>>()?;
        let values = work.wiring.without_mocks().values(&read, &|_| Standing::Elsewhere);
        let redactor = session.runner.redactor();
        let wired = values.map_err(NoValues::into_failure).and_then(|values| work.wired(&values, redactor));
        wired.map(Cow::Owned).map_err(EngineError::Failed)
    }

    /// Takes the outputs from a new plan of a stack, which holds the state that it was made on; where only the engine can
    /// read that, they are asked for when they are wanted.
    pub(super) fn planned(&self, stack: &StackId, plan: &Utf8Path) {
        if self.work.contains_key(stack)
            && let Ok(outputs) = outputs_before(plan)
        {
            *lock(&self.slot(stack)) = Some(Arc::new(outputs));
        }
    }

    /// From now on a stack has others.
    pub(super) fn applied(&self, stack: &StackId) {
        *lock(&self.slot(stack)) = None;
    }

    fn slot(&self, stack: &StackId) -> Slot {
        Arc::clone(lock(&self.read).entry(stack.clone()).or_default())
    }
}

/// A local state is read as a file; any other by its engine.
fn from_state(work: &Work, session: &Session<'_>) -> Result<Vec<Output>, EngineError> {
    match work.engine.prepare(&work.target, false, false, session) {
        Ok(()) => {}
        // Nothing was ever applied there.
        Err(EngineError::MissingWorkspace { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    }
    let unreadable = |error: io::Error| {
        let summary = format!("cannot read the outputs of `{}`: {error}", work.target.instance);
        EngineError::Failed(Failure::new(FailureKind::State, summary))
    };
    let address = work.engine.footing(&work.target).map_err(unreadable)?.address;
    match address.map(|address| outputs_at(&address)).transpose().map_err(unreadable)?.flatten() {
        Some(outputs) => Ok(outputs),
        None => work.engine.outputs(&work.target, session),
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
