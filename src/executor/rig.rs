//! Test dispatcher with scripted steps and a consumer that records events.

use std::{
    collections::BTreeMap,
    io,
    num::NonZeroUsize,
    sync::{Arc, Mutex},
};

use camino::Utf8Path;
use jiff::Timestamp;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use super::{
    Dispatcher, InterruptHandler, InterruptLevel, Limits, SignalSource, Step, StepEnd, StepHandle, StepInput,
    StepRunner,
};
use crate::{
    event::{Consumer, Event, EventKind, RunStack, StepFinished, StepKind},
    journal::{FORMAT, Journal, RunStore},
    model::{
        Action, Changes, Clock, EngineName, Failure, FailureKind, Outcome, ResourceChange, RunId, RunVerb,
        StackId,
    },
};

/// Shared list of recorded events, interrupt levels or steps.
pub(super) type Shared<T> = Arc<Mutex<Vec<T>>>;

type Act = Box<dyn Fn(&dyn StepHandle) -> Outcome + Send + Sync>;

pub(super) fn id(name: &str) -> StackId {
    name.parse().unwrap()
}

pub(super) fn changes() -> Changes {
    let change = ResourceChange::new("terraform_data.a".parse().unwrap(), Action::Create);
    Changes { resources: vec![change], ..Changes::default() }
}

pub(super) fn failed() -> Outcome {
    Outcome::Failed(Failure::new(FailureKind::Provider, "boom"))
}

/// Returns a step of a stack that waits for the stacks `needs`.
pub(super) fn step(kind: StepKind, stack: &str, needs: &[&str]) -> Step {
    Step::new(id(stack), kind, needs.iter().map(|need| id(need)).collect())
}

pub(super) fn jobs(jobs: usize) -> Limits {
    Limits::jobs(NonZeroUsize::new(jobs).unwrap())
}

/// Scripted step runner; stacks without a script plan or apply one change.
#[derive(Default)]
pub(super) struct Script {
    acts: BTreeMap<StackId, Act>,
    pub(super) ran: Shared<(StackId, StepKind)>,
}

impl Script {
    pub(super) fn on(
        mut self,
        stack: &str,
        act: impl Fn(&dyn StepHandle) -> Outcome + Send + Sync + 'static,
    ) -> Self {
        self.acts.insert(id(stack), Box::new(act));
        self
    }

    pub(super) fn runner(self) -> Arc<dyn StepRunner> {
        Arc::new(self)
    }
}

impl StepRunner for Script {
    fn run(&self, stack: &StackId, kind: StepKind, input: StepInput, handle: &dyn StepHandle) -> StepEnd {
        self.ran.lock().unwrap().push((stack.clone(), kind));
        let outcome = match (self.acts.get(stack), kind) {
            (Some(act), _) => act(handle),
            (None, StepKind::Plan) => Outcome::Changed(changes()),
            (None, StepKind::Apply) => Outcome::Applied(changes()),
        };
        let finished = StepFinished::new(stack.clone(), kind, outcome);
        StepEnd { finished, stack_run: input.stack_run, has_applied: false }
    }
}

struct Stopped;

impl Clock for Stopped {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

struct EventRecorder(Shared<Event>);

impl Consumer for EventRecorder {
    fn name(&self) -> &'static str {
        "ear"
    }

    fn consume(&mut self, event: &Event) -> io::Result<()> {
        self.0.lock().unwrap().push(event.clone());
        Ok(())
    }
}

/// Started run over some stacks.
pub(super) struct Rig {
    pub(super) dispatcher: Dispatcher,
    pub(super) signals: UnboundedSender<u8>,
    pub(super) levels: Shared<InterruptLevel>,
    events: Shared<Event>,
    _root: tempfile::TempDir,
}

impl Rig {
    pub(super) fn new(stacks: &[&str]) -> Self {
        Self::with_journal(stacks, |dir| Journal::create(dir).unwrap())
    }

    pub(super) fn with_journal(
        stacks: &[&str],
        journal: impl FnOnce(crate::journal::RunDir) -> Journal,
    ) -> Self {
        let root = tempfile::tempdir().unwrap();
        let run = RunId::new(1, 1);
        let store = RunStore::new(Utf8Path::from_path(root.path()).unwrap());
        let journal = journal(store.create(&run).unwrap());
        let (signals, source) = unbounded_channel();
        let (levels, events) = (Shared::<InterruptLevel>::default(), Shared::<Event>::default());
        let climbed = Arc::clone(&levels);
        let cancel = InterruptHandler::new(SignalSource::Channel(source), move |level| {
            climbed.lock().unwrap().push(level);
        });
        let ear = Box::new(EventRecorder(Arc::clone(&events)));
        let mut dispatcher = Dispatcher::new(Arc::new(Stopped), Some(journal), vec![ear], cancel);
        let stack = |name: &&str| RunStack {
            stack: id(name),
            path: (*name).to_owned(),
            workspace: None,
            engine: EngineName::Tofu,
            why: vec![],
            needs: vec![],
        };
        dispatcher
            .emit(EventKind::RunStarted {
                format: FORMAT,
                run,
                command: RunVerb::Deploy,
                environment: "staging".parse().unwrap(),
                user: None,
                host: None,
                resumes: None,
                changed_since: None,
                stacks: stacks.iter().map(stack).collect(),
            })
            .unwrap();
        Self { dispatcher, signals, levels, events, _root: root }
    }

    /// Returns the events that the consumers received so far, each as a short text, without the start of the run.
    pub(super) fn event_texts(&self) -> Vec<String> {
        self.dispatcher.flusher()();
        self.events.lock().unwrap().iter().skip(1).map(|event| words(&event.kind)).collect()
    }

    /// Returns the events that the consumers received so far.
    pub(super) fn events(&self) -> Vec<Event> {
        self.dispatcher.flusher()();
        self.events.lock().unwrap().clone()
    }
}

fn words(kind: &EventKind) -> String {
    match kind {
        EventKind::StepStarted { stack, step } => format!("{step:?} {stack}"),
        EventKind::StepFinished(finished) => format!("{} {}", finished.stack, outcome(&finished.outcome)),
        EventKind::StackSkipped { stack, outcome: how } => format!("{stack} not started: {}", outcome(how)),
        EventKind::InterruptRequested { signal, count } => format!("signal {signal}, the {count}."),
        EventKind::Decided(decision) => format!("{decision:?}"),
        other => format!("{other:?}"),
    }
}

pub(super) fn outcome(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Clean => "clean".to_owned(),
        Outcome::Changed(_) => "changed".to_owned(),
        Outcome::Applied(_) => "applied".to_owned(),
        Outcome::Failed(failure) => format!("failed: {failure}"),
        Outcome::Skipped { because } => format!("skipped: {because:?}"),
        Outcome::Deferred { because } => format!("deferred: {because}"),
        Outcome::Refused(blocks) => {
            format!("refused: {}", blocks.iter().map(|block| block.guard.as_str()).collect::<String>())
        }
        Outcome::Interrupted => "interrupted".to_owned(),
    }
}
