//! Runs that can be resumed: the newest unfinished run, and the chain of runs that a run has resumed.

use std::collections::BTreeSet;

use super::{Context, Stopped, unreadable_run::UnreadableRun};
use crate::{
    event::{Event, EventKind, StepKind},
    graph::SelectionReason,
    journal::{JournalError, RunStore, StoreError, StoredRun},
    model::{EnvName, ExitStatus, RunId, RunVerb},
};

/// Run with its events.
pub(crate) struct RunEvents {
    /// Stored run.
    pub(crate) run: StoredRun,
    /// Events of its journal.
    pub(crate) events: Vec<Event>,
}

/// Prints a hint about a run that can be resumed, if there is one.
pub(crate) fn hint_unfinished(context: &Context, store: &RunStore) -> Result<(), JournalError> {
    if let (Some(run), _) = newest_unfinished(store)? {
        let (id, environment) = (&run.run.id, run.environment().map_or("?", EnvName::as_str));
        context.printer.hint(format_args!(
            "run {id} in `{environment}` is unfinished. Continue: `{}`",
            context.given_flags().command(&format!("runs resume {id}"))
        ));
    }
    Ok(())
}

/// Returns the newest run that may have changed a state and did not end successfully, unless the same environment was
/// changed after it, or may have been; and the newer runs that cannot be read.
pub(crate) fn newest_unfinished(
    store: &RunStore,
) -> Result<(Option<RunEvents>, Vec<UnreadableRun>), JournalError> {
    let mut seen = BTreeSet::new();
    let mut unreadable: Vec<UnreadableRun> = Vec::new();
    for run in store.list()? {
        match RunEvents::read(run.clone()) {
            Ok(events) => {
                let Some(environment) = events.changed_environment() else { continue };
                let is_certain = !unreadable.iter().any(|newer| newer.may_concern(environment));
                if seen.insert(environment.clone()) && is_certain && !events.ended_successfully() {
                    return Ok((Some(events), unreadable));
                }
            }
            Err(_) if !run.may_have_begun() => {}
            Err(error) => unreadable.push(UnreadableRun::new(store, &run, error)),
        }
    }
    Ok((None, unreadable))
}

/// Returns the newest run of a verb that changes something, if nothing of it was confirmed and the same environment had no
/// such run after it.
pub(crate) fn newest_unconfirmed(store: &RunStore) -> Result<Option<StoredRun>, JournalError> {
    let mut seen = BTreeSet::new();
    for run in store.list()? {
        // The user was told about runs that cannot be read.
        let Ok(events) = RunEvents::read(run) else { continue };
        let Some(environment) = events.environment().filter(|_| !events.is_plan()).cloned() else { continue };
        if seen.insert(environment) && events.changed_environment().is_none() && !events.ended_successfully()
        {
            return Ok(Some(events.run));
        }
    }
    Ok(None)
}

impl RunEvents {
    /// Reads the events of a stored run from its journal.
    pub(crate) fn read(run: StoredRun) -> Result<Self, JournalError> {
        let events = run.events()?.events;
        Ok(Self { run, events })
    }

    /// Reads the journal of a run that a command needs.
    fn read_known(context: &Context, store: &RunStore, run: &StoredRun) -> Result<Self, Stopped> {
        Self::read(run.clone())
            .map_err(|error| UnreadableRun::new(store, run, error).into_error(context, ExitStatus::Failed))
    }

    /// Returns the environment of the run; `None` if the run never started.
    pub(crate) fn environment(&self) -> Option<&EnvName> {
        self.events.iter().find_map(|event| match &event.kind {
            EventKind::RunStarted { environment, .. } => Some(environment),
            _ => None,
        })
    }

    /// Returns true if the run only planned.
    fn is_plan(&self) -> bool {
        let plans =
            |event: &Event| matches!(event.kind, EventKind::RunStarted { command: RunVerb::Plan, .. });
        self.events.iter().any(plans)
    }

    /// Returns true if the command line of the run selected every stack.
    pub(crate) fn selects_all(&self) -> bool {
        self.events.iter().any(|event| match &event.kind {
            EventKind::RunStarted { stacks, .. } => {
                let all = SelectionReason::All.to_string();
                stacks.iter().all(|stack| stack.why.contains(&all))
            }
            _ => false,
        })
    }

    /// Returns the environment if the run may have changed it: after a confirmation, an apply, or as a resumed run.
    pub(crate) fn changed_environment(&self) -> Option<&EnvName> {
        let began =
            |event: &Event| matches!(&event.kind, EventKind::StepStarted { step: StepKind::Apply, .. });
        let decided =
            |event: &Event| matches!(&event.kind, EventKind::Decided(decision) if decision.is_confirmed());
        let changing =
            self.resumes().is_some() || self.events.iter().any(|event| began(event) || decided(event));
        if changing { self.environment() } else { None }
    }

    /// Returns true if the verb ended with exit code 0.
    pub(crate) fn ended_successfully(&self) -> bool {
        let finished =
            |event: &Event| matches!(event.kind, EventKind::RunFinished { status: ExitStatus::Success });
        self.events.iter().any(finished)
    }

    /// Returns the run that this one resumed.
    pub(crate) fn resumes(&self) -> Option<&RunId> {
        self.events.iter().find_map(|event| match &event.kind {
            EventKind::RunStarted { resumes, .. } => resumes.as_ref(),
            _ => None,
        })
    }
}

/// Returns a run with the runs that it resumed, oldest first.
pub(crate) fn resumed_runs(
    context: &Context,
    store: &RunStore,
    last: &StoredRun,
) -> anyhow::Result<Vec<RunEvents>> {
    let mut chain = vec![RunEvents::read_known(context, store, last)?];
    while let Some(earlier) = chain.last().and_then(RunEvents::resumes).cloned() {
        if chain.iter().any(|earlier_run| earlier_run.run.id == earlier) {
            return Err(Stopped::refused(format!("run {earlier} says that it resumes itself")).into());
        }
        let found = store.find(earlier.as_str()).map_err(|error| match error {
            StoreError::NotFound(_) | StoreError::Empty(_) => anyhow::Error::from(
                Stopped::refused(format!("run {earlier}, which this one resumed, is gone"))
                    .hint("deploy again: what is done shows no changes"),
            ),
            other => other.into(),
        })?;
        chain.push(RunEvents::read_known(context, store, &found)?);
    }
    chain.reverse();
    Ok(chain)
}

/// Refuses a run whose environment was changed by a later run; `again` returns the hint with the command that starts anew.
pub(crate) fn refuse_unless_resumable(
    context: &Context,
    store: &RunStore,
    run: &RunId,
    environment: &EnvName,
    again: impl FnOnce() -> String,
) -> anyhow::Result<()> {
    for other in store.list()?.into_iter().take_while(|other| other.id > *run) {
        let other = match RunEvents::read(other.clone()) {
            Ok(other) => other,
            Err(_) if !other.may_have_begun() => continue,
            Err(error) => {
                let unreadable = UnreadableRun::new(store, &other, error);
                if unreadable.may_concern(environment) {
                    return Err(unreadable.into_error(context, ExitStatus::Refused).into());
                }
                continue;
            }
        };
        if other.resumes() == Some(run) {
            let newer = &other.run.id;
            return Err(Stopped::refused(format!("run {run} was resumed by run {newer} already"))
                .hint(format!(
                    "`{}` goes on from there, if anything is left",
                    context.given_flags().command(&format!("runs resume {newer}"))
                ))
                .into());
        }
        if other.changed_environment() == Some(environment) {
            let message = format!("run {} has changed `{environment}` after run {run}", other.run.id);
            return Err(Stopped::refused(message).hint(again()).into());
        }
    }
    Ok(())
}
