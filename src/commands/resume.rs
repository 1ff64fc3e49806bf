//! `envctl runs resume`: finishes a run that did not end successfully, with a gate of its own.

use std::collections::BTreeMap;

use crate::{
    engine::PlanMode,
    executor::{PriorResult, StoredPlan},
    graph::Selection,
    journal::{Remainder, RunStore, StackProgress, resumption},
    model::{ExitStatus, RunVerb, StackId},
    plans::{AskedFor, Key, guards::EarlierChanges},
    run::{
        Confirm, Context, RunRequest, Stopped, Usage, environment_lock,
        request::RunMode,
        resumable::{RunEvents, may_be_resumed, newest_unfinished, resumed_runs},
        rounds::{self, TakenOver},
        stored::{asked_for, command_again, with_its_values},
    },
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

/// Runs `envctl runs resume`.
pub fn run(context: &Context, request: &Request) -> anyhow::Result<ExitStatus> {
    let root = context.config_file()?.parent().map_or_else(|| context.dir.clone(), ToOwned::to_owned);
    let store = RunStore::new(&root);
    let wanted = match &request.run {
        Some(word) => store.find(word)?,
        None => {
            let (found, unreadable) = newest_unfinished(&store)?;
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
    let chain = resumed_runs(&store, wanted)?;
    let Some(last) = chain.last() else {
        return Err(Stopped::defect("a run without itself").into());
    };
    let id = last.run.id.clone();
    let flags = context.given_flags();
    may_be_resumed(context, &store, (&id, &environment), || match asked_for(&flags, &store, &last.run) {
        Ok((asked, _)) => again(context, &request.how, &asked, &chain),
        // The request is gone, and its values with it.
        Err(_) => {
            let deploy = flags.command(&format!("deploy {environment}"));
            format!("deploy again: `{deploy}`")
        }
    })?;
    let left = resumption(chain.iter().map(|earlier| (&earlier.run.id, earlier.events.as_slice())));
    let (asked, key) = asked_for(&flags, &store, &last.run)?;
    if !left.confirmed {
        return Err(Stopped::refused(format!(
            "nothing of run {id} was confirmed: there is nothing to resume"
        ))
        .hint(again(context, &request.how, &asked, &chain))
        .into());
    }
    with_its_values(context, &id, &asked)?;
    let taken = TakenOver {
        stacks: earlier(&chain, &asked, &key, &left.stacks)?,
        changes: EarlierChanges::of_runs(chain.iter().map(|earlier| earlier.events.as_slice())),
    };
    let run_mode = RunMode {
        verb: verb(&asked),
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
    rounds::run_adopting(&context, &how, &request.confirm, run_mode, taken)
}

/// Returns the verb of the resumed run.
fn verb(asked: &AskedFor) -> RunVerb {
    if asked.destroy { RunVerb::Destroy } else { RunVerb::Deploy }
}

/// Returns the hint with the command that makes a new run like the first of the chain.
fn again(context: &Context, how: &RunRequest, asked: &AskedFor, chain: &[RunEvents]) -> String {
    let selects_all = chain.first().is_some_and(RunEvents::selects_all);
    let verb = verb(asked);
    format!("{verb} again: `{}`", command_again(context, how, (asked, selects_all), verb))
}

/// Returns the results that are taken over for each stack; other stacks are planned again.
fn earlier(
    chain: &[RunEvents],
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
fn stored_plan(chain: &[RunEvents], stack: &StackId, key: &Key) -> anyhow::Result<Option<PriorResult>> {
    for earlier in chain.iter().rev() {
        let found = StoredPlan::find(&earlier.run.dir, &earlier.run.id, stack, key).map_err(|error| {
            Stopped::refused(format!("run {} is not as it was stored: {error}", earlier.run.id))
                .hint("deploy again; what a run stored is applied as it is, or not at all")
        })?;
        if let Some(plan) = found {
            return Ok(Some(PriorResult::Planned(Box::new(plan))));
        }
    }
    Ok(None)
}
