//! `envctl runs resume`: finishes a run that did not end successfully, with a gate of its own.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Confirm, Context, RunRequest, Stopped, Usage, environment_lock,
    request::RunMode,
    rollout::{self, TakenOver},
    stored::{asked_for, with_its_values},
};
use crate::{
    engine::PlanMode,
    event::{Event, EventKind, StepKind},
    executor::{PriorResult, StoredPlan},
    graph::Selection,
    journal::{JournalError, Remainder, RunStore, StackProgress, StoreError, StoredRun, resumption},
    model::{EnvName, ExitStatus, RunId, StackId},
    plans::{AskedFor, Key, guards::EarlierChanges},
};

/// Arguments of `envctl runs resume`.
#[derive(Debug, Clone)]
pub struct Request {
    /// Id of a run, a prefix of one, or `last`; absent for the newest one that did not end successfully.
    pub run: Option<String>,
    /// Options of the run; environment, stacks, targets and replacements are those of the resumed run.
    pub how: RunRequest,
    /// Answer to the gate from flags.
    pub confirm: Confirm,
}

/// Run with its events.
pub(super) struct Told {
    run: StoredRun,
    events: Vec<Event>,
}

/// Runs `envctl runs resume`.
pub fn run(context: &Context, request: &Request) -> anyhow::Result<ExitStatus> {
    let root = context.config_file()?.parent().map_or_else(|| context.dir.clone(), ToOwned::to_owned);
    let store = RunStore::new(&root);
    let wanted = match &request.run {
        Some(word) => store.find(word)?,
        None => {
            let (found, unreadable) = newest(&store)?;
            for problem in &unreadable {
                context.printer.warn(problem);
            }
            let none = || {
                let why = if store.list().is_ok_and(|runs| runs.is_empty()) {
                    "there are no runs yet"
                } else {
                    "the newest of each environment ended well"
                };
                Usage::Other(format!("there is no run to resume: {why}"))
            };
            found.ok_or_else(none)?.run
        }
    };
    let environment = wanted.report()?.environment;
    // A run that is still active has not recorded its result yet.
    drop(environment_lock::take(context, &store, &environment, "runs resume", None)?);
    let chain = chain(&store, wanted)?;
    let Some(last) = chain.last() else {
        return Err(Stopped::defect("a run without itself").into());
    };
    let id = last.run.id.clone();
    may_be_resumed(&store, &id, &environment)?;
    let left = resumption(chain.iter().map(|told| (&told.run.id, told.events.as_slice())));
    let (asked, key) = asked_for(&store, &last.run)?;
    if !left.confirmed {
        let verb = verb(&asked);
        return Err(Stopped::refused(format!(
            "nothing of run {id} was confirmed: there is nothing to resume"
        ))
        .hint(format!("{verb} again: `envctl {verb} {environment}`"))
        .into());
    }
    with_its_values(&id, &asked)?;
    let taken = TakenOver {
        stacks: earlier(&chain, &asked, &key, &left.stacks)?,
        changes: EarlierChanges::of_runs(chain.iter().map(|told| told.events.as_slice())),
    };
    let run_mode = RunMode {
        command: verb(&asked),
        mode: if asked.destroy { PlanMode::Destroy } else { PlanMode::Normal },
    };
    let how = RunRequest {
        environment: Some(asked.environment.to_string()),
        selection: Selection {
            patterns: asked.stacks.iter().map(ToString::to_string).collect(),
            ..Selection::default()
        },
        targets: asked.targets,
        excludes: asked.excludes,
        replace: asked.replace,
        resumes: Some(id),
        ..request.how.clone()
    };
    let context = context.with_values(asked.vars, asked.sets);
    rollout::run_adopting(&context, &how, &request.confirm, run_mode, taken)
}

/// Returns the verb of the resumed run.
fn verb(asked: &AskedFor) -> &'static str {
    if asked.destroy { "destroy" } else { "deploy" }
}

/// Prints a hint about a run that can be resumed, if there is one.
pub(super) fn hint(context: &Context, store: &RunStore) -> Result<(), JournalError> {
    if let (Some(run), _) = newest(store)? {
        let (id, environment) = (&run.run.id, run.environment().map_or("?", EnvName::as_str));
        context.printer.hint(format_args!(
            "run {id} in `{environment}` is unfinished. Continue it: `envctl runs resume {id}`"
        ));
    }
    Ok(())
}

/// Returns the newest run that may have changed a state and did not end successfully, unless the same environment was
/// changed after it; and the errors of runs that cannot be read.
fn newest(store: &RunStore) -> Result<(Option<Told>, Vec<String>), JournalError> {
    let mut seen = BTreeSet::new();
    let mut unreadable = Vec::new();
    for run in store.list()? {
        let id = run.id.clone();
        match told(run) {
            Ok(told) => {
                let Some(environment) = told.changing() else { continue };
                if seen.insert(environment.clone()) && !told.ended_well() {
                    return Ok((Some(told), unreadable));
                }
            }
            Err(error) => unreadable.push(format!("run {id}: {error}")),
        }
    }
    Ok((None, unreadable))
}

/// Reads a run's journal.
pub(super) fn told(run: StoredRun) -> Result<Told, JournalError> {
    let events = run.events()?.events;
    Ok(Told { run, events })
}

impl Told {
    /// Returns the environment of the run; absent if the run never started.
    pub(super) fn environment(&self) -> Option<&EnvName> {
        self.events.iter().find_map(|event| match &event.kind {
            EventKind::RunStarted { environment, .. } => Some(environment),
            _ => None,
        })
    }

    /// Returns the environment if the run may have changed it: after a confirmation, an apply, or as a resumed run.
    pub(super) fn changing(&self) -> Option<&EnvName> {
        let began =
            |event: &Event| matches!(&event.kind, EventKind::StepStarted { step: StepKind::Apply, .. });
        let decided =
            |event: &Event| matches!(&event.kind, EventKind::Decided(decision) if decision.is_yes());
        let changing =
            self.resumes().is_some() || self.events.iter().any(|event| began(event) || decided(event));
        if changing { self.environment() } else { None }
    }

    /// Returns true if the verb ended with exit code 0.
    pub(super) fn ended_well(&self) -> bool {
        let finished =
            |event: &Event| matches!(event.kind, EventKind::RunFinished { status: ExitStatus::Success });
        self.events.iter().any(finished)
    }

    /// Returns the run that this one resumed.
    pub(super) fn resumes(&self) -> Option<&RunId> {
        self.events.iter().find_map(|event| match &event.kind {
            EventKind::RunStarted { resumes, .. } => resumes.as_ref(),
            _ => None,
        })
    }
}

/// Returns a run with the runs that it resumed, oldest first.
fn chain(store: &RunStore, last: StoredRun) -> anyhow::Result<Vec<Told>> {
    let mut chain = vec![told(last)?];
    while let Some(earlier) = chain.last().and_then(Told::resumes).cloned() {
        if chain.iter().any(|told| told.run.id == earlier) {
            return Err(Stopped::refused(format!("run {earlier} says that it resumes itself")).into());
        }
        let found = store.find(earlier.as_str()).map_err(|error| match error {
            StoreError::NotFound(_) | StoreError::Empty(_) => anyhow::Error::from(
                Stopped::refused(format!("run {earlier}, which this one resumed, is gone"))
                    .hint("deploy again: what is done shows no changes"),
            ),
            other => other.into(),
        })?;
        chain.push(told(found)?);
    }
    chain.reverse();
    Ok(chain)
}

/// Refuses a run whose environment was changed by a later run.
pub(super) fn may_be_resumed(store: &RunStore, run: &RunId, environment: &EnvName) -> anyhow::Result<()> {
    for other in store.list()?.into_iter().take_while(|other| other.id > *run) {
        let other = told(other)?;
        if other.resumes() == Some(run) {
            let newer = &other.run.id;
            return Err(Stopped::refused(format!("run {run} was resumed by run {newer} already"))
                .hint(format!("`envctl runs resume {newer}` goes on from there, if anything is left"))
                .into());
        }
        if other.changing() == Some(environment) {
            let message = format!("run {} has changed `{environment}` after run {run}", other.run.id);
            return Err(Stopped::refused(message)
                .hint(format!("deploy again: `envctl deploy {environment}`"))
                .into());
        }
    }
    Ok(())
}

/// Returns the results that are taken over for each stack; other stacks are planned again.
fn earlier(
    chain: &[Told],
    asked: &AskedFor,
    key: &Key,
    left: &BTreeMap<StackId, Remainder>,
) -> anyhow::Result<Vec<(StackId, PriorResult)>> {
    let mut found = Vec::new();
    for stack in &asked.stacks {
        let Some(left) = left.get(stack) else { continue };
        if left.touched {
            found.push((stack.clone(), PriorResult::Begun));
        }
        let earlier = match &left.standing {
            StackProgress::Applied(run) => Some(PriorResult::Applied { run: run.clone() }),
            StackProgress::Clean => Some(PriorResult::Clean),
            StackProgress::Planned => stored_plan(chain, stack, key)?,
            StackProgress::Again => None,
        };
        found.extend(earlier.map(|earlier| (stack.clone(), earlier)));
    }
    Ok(found)
}

/// Returns the newest plan of a stack that any run of the chain stored, if no apply of it has begun.
fn stored_plan(chain: &[Told], stack: &StackId, key: &Key) -> anyhow::Result<Option<PriorResult>> {
    for told in chain.iter().rev() {
        let found = StoredPlan::find(&told.run.dir, &told.run.id, stack, key).map_err(|error| {
            Stopped::refused(format!("run {} is not as it was stored: {error}", told.run.id))
                .hint("deploy again; what a run stored is applied as it is, or not at all")
        })?;
        if let Some(plan) = found {
            return Ok(Some(PriorResult::Planned(Box::new(plan))));
        }
    }
    Ok(None)
}
