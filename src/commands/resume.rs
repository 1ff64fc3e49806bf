//! `envctl runs resume`: finishes a run that did not end successfully, with a gate of its own.

use std::collections::BTreeMap;

use crate::{
    engine::PlanMode,
    executor::{PriorResult, StoredPlan},
    journal::{RemainingWork, RunStore, StackProgress, resumption},
    model::{ExitStatus, RunVerb, StackId},
    plans::{ProjectKey, StoredRequest, guards::EarlierChanges},
    run::{
        Confirm, Context, RunRequest, Stopped, Usage, environment_lock,
        request::RunMode,
        resumable::{
            RunEvents, newest_unconfirmed, newest_unfinished, refuse_unless_resumable, resumed_runs,
        },
        rounds::{self, PriorResults},
        stored_plans::{read_stored_request, refuse_removed_values, repeated_command, request_of_stored_run},
        unreadable_run::report_of,
    },
};

/// Arguments of `envctl runs resume`.
#[derive(Debug, Clone)]
pub struct ResumeRequest {
    /// Id of a run, the beginning of an id, or `last`; `None` for the newest one that did not end successfully.
    pub run: Option<String>,
    /// Options of the run; environment, stacks, targets and replacements are those of the resumed run.
    pub options: RunRequest,
    /// Answer to the gate from flags.
    pub confirm: Confirm,
}

/// Runs `envctl runs resume`.
pub fn run(context: &Context, request: &ResumeRequest) -> anyhow::Result<ExitStatus> {
    let root = context.config_file()?.parent().map_or_else(|| context.dir.clone(), ToOwned::to_owned);
    let store = RunStore::new(&root);
    let wanted = match &request.run {
        Some(word) => store.find(word)?,
        None => {
            let (found, unreadable) = newest_unfinished(&store)?;
            let mut unreadable = unreadable.into_iter();
            if found.is_none()
                && let Some(newest) = unreadable.next()
            {
                return Err(newest.into_error(context, ExitStatus::Refused).into());
            }
            unreadable.for_each(|run| run.print(context));
            let none_left = || {
                let why = if store.list().is_ok_and(|runs| runs.is_empty()) {
                    "there are no runs yet"
                } else {
                    "the newest of each environment ended well"
                };
                Usage::Other(format!("there is no run to resume: {why}"))
            };
            match found {
                Some(events) => events.run,
                // It is refused below, with the command that starts anew.
                None => newest_unconfirmed(&store)?.ok_or_else(none_left)?,
            }
        }
    };
    let environment = report_of(context, &store, &wanted)?.environment;
    // A run that is still active has not recorded its result yet.
    drop(environment_lock::take(context, &store, &environment, "runs resume", None)?);
    let chain = resumed_runs(context, &store, &wanted)?;
    let Some(last) = chain.last() else {
        return Err(Stopped::defect("a run without itself").into());
    };
    let id = last.run.id.clone();
    let flags = context.given_flags();
    refuse_unless_resumable(context, &store, &id, &environment, || {
        match read_stored_request(&flags, &store, &last.run) {
            Ok((stored_request, _)) => repeat_hint(context, &request.options, &stored_request, &chain),
            // The request is gone, and its values with it.
            Err(_) => {
                let deploy = flags.command(&format!("deploy {environment}"));
                format!("deploy again: `{deploy}`")
            }
        }
    })?;
    let remaining = resumption(chain.iter().map(|earlier| (&earlier.run.id, earlier.events.as_slice())));
    let (stored_request, key) = read_stored_request(&flags, &store, &last.run)?;
    if !remaining.confirmed {
        return Err(Stopped::refused(format!(
            "nothing of run {id} was confirmed: there is nothing to resume"
        ))
        .hint(repeat_hint(context, &request.options, &stored_request, &chain))
        .into());
    }
    refuse_removed_values(context, &id, &stored_request)?;
    let prior = PriorResults {
        stacks: prior_results(&chain, &stored_request, &key, &remaining.stacks)?,
        changes: EarlierChanges::of_runs(chain.iter().map(|earlier| earlier.events.as_slice())),
    };
    let run_mode = RunMode {
        verb: verb(&stored_request),
        mode: if stored_request.destroy { PlanMode::Destroy } else { PlanMode::Normal },
    };
    let options =
        RunRequest { resumes: Some(id), ..request_of_stored_run(&stored_request, &request.options) };
    let context = context.with_values(stored_request.vars, stored_request.sets);
    rounds::run_with_prior_results(&context, &options, &request.confirm, run_mode, prior)
}

/// Returns the verb of the resumed run.
fn verb(stored_request: &StoredRequest) -> RunVerb {
    if stored_request.destroy { RunVerb::Destroy } else { RunVerb::Deploy }
}

/// Returns the hint with the command that starts a new run with the request of the chain's first run; a chain is a run and
/// the runs that resume it.
fn repeat_hint(
    context: &Context,
    options: &RunRequest,
    stored_request: &StoredRequest,
    chain: &[RunEvents],
) -> String {
    let selects_all = chain.first().is_some_and(RunEvents::selects_all);
    let verb = verb(stored_request);
    format!("{verb} again: `{}`", repeated_command(context, options, stored_request, selects_all, verb))
}

/// Returns the results that are taken over for each stack; other stacks are planned again.
fn prior_results(
    chain: &[RunEvents],
    stored_request: &StoredRequest,
    key: &ProjectKey,
    remaining: &BTreeMap<StackId, RemainingWork>,
) -> anyhow::Result<Vec<(StackId, PriorResult)>> {
    let mut found = Vec::new();
    for stack in &stored_request.stacks {
        let Some(remaining) = remaining.get(stack) else { continue };
        if remaining.apply_started {
            found.push((stack.clone(), PriorResult::Begun));
        }
        let earlier = match &remaining.progress {
            StackProgress::Applied(run) => Some(PriorResult::Applied { run: run.clone() }),
            StackProgress::NoChanges => Some(PriorResult::Clean),
            StackProgress::Planned => stored_plan(chain, stack, key)?,
            StackProgress::ToReplan => None,
        };
        found.extend(earlier.map(|earlier| (stack.clone(), earlier)));
    }
    Ok(found)
}

/// Returns the newest plan of a stack that any run of the chain stored, if no apply of it has begun. A tentative plan is
/// made again if the values that it rests on are others by now.
fn stored_plan(
    chain: &[RunEvents],
    stack: &StackId,
    key: &ProjectKey,
) -> anyhow::Result<Option<PriorResult>> {
    for earlier in chain.iter().rev() {
        let found = StoredPlan::find(&earlier.run.dir, &earlier.run.id, stack, key).map_err(|error| {
            Stopped::refused(format!("run {} is not as it was stored: {error}", earlier.run.id))
                .hint("deploy again; what a run stored is applied as it is, or not at all")
        })?;
        if let Some(plan) = found {
            let plan = StoredPlan { replans_if_changed: plan.manifest.tentative, ..plan };
            return Ok(Some(PriorResult::Planned(Box::new(plan))));
        }
    }
    Ok(None)
}
