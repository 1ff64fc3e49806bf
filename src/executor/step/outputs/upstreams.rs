//! Outputs that stacks take from other stacks: read once per run, and again after an apply.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use camino::Utf8Path;

use super::passed_values::with_outputs;
use crate::{
    engine::{EngineError, KnownOutputs, Output, Session, outputs_before},
    executor::step::ready_stack::ReadyStack,
    inventory::plan_inputs::{InputScope, any_file_mixes_mocks},
    model::{Failure, FailureKind, StackId},
    mutex::lock,
};

/// Outputs of a stack as they were read.
#[derive(Clone)]
struct ReadOutputs {
    outputs: Arc<Vec<Output>>,
    from_file: bool,
    has_state: bool,
    /// Number of plans that had begun when the outputs were read for an apply.
    read_after_plans: Option<u64>,
}

type OutputSlot = Arc<Mutex<Option<ReadOutputs>>>;

/// Stacks whose outputs others take, with a cache of the outputs in their states: concurrent steps read each state once.
#[derive(Default)]
pub struct Upstreams {
    ready: HashMap<StackId, ReadyStack>,
    slots: Mutex<HashMap<StackId, OutputSlot>>,
    /// Number of plans that have begun.
    begun_plans: AtomicU64,
    /// True if any unit's file mixes mocks with outputs; computed on first use.
    mixing: OnceLock<bool>,
}

impl Upstreams {
    /// Returns the upstream stacks of a run, each with the input of its engine.
    pub fn new(ready: HashMap<StackId, ReadyStack>) -> Self {
        Self { ready, ..Self::default() }
    }

    /// Returns the outputs in the state of a stack; empty without a state.
    pub(in crate::executor) fn outputs(
        &self,
        stack: &StackId,
        session: &Session<'_>,
    ) -> Result<Arc<Vec<Output>>, EngineError> {
        let slot = self.slot(stack);
        let mut slot = lock(&slot);
        let read = match slot.take() {
            Some(read) => read,
            None => self.read(stack, session)?,
        };
        Ok(Arc::clone(&slot.insert(read).outputs))
    }

    /// Returns the current outputs of a stack, even if it was read for plans before: a state file is read again, an engine
    /// reads it once for all applies that follow the same plans.
    pub(super) fn current_outputs(
        &self,
        stack: &StackId,
        session: &Session<'_>,
    ) -> Result<Arc<Vec<Output>>, EngineError> {
        let after = Some(self.begun_plans.load(Ordering::Relaxed));
        let slot = self.slot(stack);
        let mut slot = lock(&slot);
        if let Some(read) = slot.as_ref().filter(|read| !read.from_file && read.read_after_plans == after) {
            return Ok(Arc::clone(&read.outputs));
        }
        let read = ReadOutputs { read_after_plans: after, ..self.read(stack, session)? };
        Ok(Arc::clone(&slot.insert(read).outputs))
    }

    fn read(&self, stack: &StackId, session: &Session<'_>) -> Result<ReadOutputs, EngineError> {
        let Some(ready) = self.ready.get(stack) else {
            let summary = format!("`{stack}` was not made ready, and its outputs are wanted");
            return Err(EngineError::Failed(Failure::new(FailureKind::Defect, summary)));
        };
        let known = match ready.engine.prepare(&ready.target, false, session) {
            Ok(()) => ready.engine.known_outputs(&ready.target, ready.accept_lineage, session)?,
            // The stack was never applied.
            Err(EngineError::MissingWorkspace { .. }) => {
                KnownOutputs { outputs: Vec::new(), has_state: false, from_file: true }
            }
            Err(error) => return Err(error),
        };
        let KnownOutputs { outputs, has_state, from_file } = known;
        Ok(ReadOutputs { outputs: Arc::new(outputs), from_file, has_state, read_after_plans: None })
    }

    /// Returns true if a stack whose outputs were read has a state.
    pub(super) fn has_state(&self, stack: &StackId) -> bool {
        lock(&self.slot(stack)).as_ref().is_some_and(|read| read.has_state)
    }

    /// Invalidates the outputs that were read for applies: new plans begin.
    pub(in crate::executor::step) fn begin_plan(&self) {
        self.begun_plans.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns true if any Terragrunt file in the repository mixes mocks with outputs; computed once.
    pub(in crate::executor::step) fn any_file_mixes_mocks(&self, scope: &InputScope) -> bool {
        *self.mixing.get_or_init(|| any_file_mixes_mocks(scope))
    }

    /// Returns the stack in a folder.
    pub(in crate::executor) fn in_folder(&self, dir: &Utf8Path) -> Option<&StackId> {
        self.ready.iter().find(|(_, ready)| ready.target.dir == dir).map(|(stack, _)| stack)
    }

    /// Returns the stack with the outputs that it takes from other stacks, without mocks for missing ones.
    pub fn with_outputs<'w>(
        &self,
        ready: &'w ReadyStack,
        session: &Session<'_>,
    ) -> Result<Cow<'w, ReadyStack>, EngineError> {
        if self.ready.is_empty() || ready.upstream_inputs.is_empty() {
            return Ok(Cow::Borrowed(ready));
        }
        let sources = ready.upstream_inputs.source_stacks();
        let read =
            sources.into_iter().map(|source| self.outputs(&source, session).map(|read| (source, read)));
        let read = read.collect::<Result<HashMap<_, _>, EngineError>>()?;
        let resolved = with_outputs(ready, &read, &|stack| self.has_state(stack), session.runner.redactor());
        resolved.map(Cow::Owned).map_err(EngineError::Failed)
    }

    /// Caches the outputs in the plan file of a stack, which contains the prior state. If only the engine can read the
    /// file, the outputs are read when they are needed.
    pub(in crate::executor) fn read_from_plan(&self, stack: &StackId, plan: &Utf8Path) {
        if !self.ready.contains_key(stack) {
            return;
        }
        if let Ok(outputs) = outputs_before(plan) {
            *lock(&self.slot(stack)) = Some(ReadOutputs {
                outputs: Arc::new(outputs),
                from_file: false,
                has_state: true,
                read_after_plans: None,
            });
        }
    }

    /// Removes the outputs of a stack from the cache, after its apply.
    pub(in crate::executor) fn invalidate(&self, stack: &StackId) {
        *lock(&self.slot(stack)) = None;
    }

    fn slot(&self, stack: &StackId) -> OutputSlot {
        Arc::clone(lock(&self.slots).entry(stack.clone()).or_default())
    }
}
