//! Rounds of `deploy` and `destroy`: plan, review, gate and apply, until no plan is left to confirm.

use std::collections::BTreeSet;

use super::{
    Confirm, Context, RunRequest, finish, gate_answers::GateAnswers, open,
    preflight::checklist::ChecklistResult, request::RunMode, started_run::Run,
};
use crate::{
    engine::PlanMode,
    event::EventKind,
    executor::{Gate, GateRequest, GateResult, PriorResult, Prompt, Refusal, ReviewSummary, gate},
    model::{Blocked, ExitStatus, GateRecord, Outcome, StackId},
    plans::{Review, guards::EarlierChanges},
    reporter,
};

/// Result of a round.
enum RoundResult {
    /// No plan has changes.
    Idle,
    /// The confirmed plans were applied, successfully or not.
    Applied,
    /// The round was not confirmed; the reason was printed.
    Stopped(ExitStatus),
}

/// Runs `deploy` or `destroy`.
pub(crate) fn run(
    context: &Context,
    request: &RunRequest,
    confirm: &Confirm,
    run_mode: RunMode,
) -> anyhow::Result<ExitStatus> {
    run_with_prior_results(context, request, confirm, run_mode, PriorResults::default())
}

/// Results of earlier runs that a run takes over.
#[derive(Debug, Default)]
pub(crate) struct PriorResults {
    /// Results of stacks, each in place of the first plan of its stack.
    pub(crate) stacks: Vec<(StackId, PriorResult)>,
    /// Changes that the earlier runs applied, which count for the limits.
    pub(crate) changes: EarlierChanges,
}

/// Plans, reviews and applies as `run` does, with results of earlier runs.
pub(crate) fn run_with_prior_results(
    context: &Context,
    request: &RunRequest,
    confirm: &Confirm,
    run_mode: RunMode,
    prior: PriorResults,
) -> anyhow::Result<ExitStatus> {
    let mut run = open::open(context, request, run_mode)?;
    run.keep_answers(confirm);
    for (stack, earlier) in prior.stacks {
        run.deployment.adopt(stack, earlier);
    }
    run.guards.count_earlier_changes(prior.changes);
    let mut reviewed = run.deployment.review(&[]);
    let status = rounds(context, request, confirm, run_mode, &mut run, &mut reviewed);
    if reviewed.unplanned_stacks().next().is_none() {
        run.guards.warn_unused_exceptions(context, Some(&run.deployment.accepted_states()));
    }
    finish::close(context, run, request, status, &reviewed)
}

/// Runs rounds until no plan is left to confirm; the reviews of all rounds are added to `reviewed`.
fn rounds(
    context: &Context,
    request: &RunRequest,
    confirm: &Confirm,
    run_mode: RunMode,
    run: &mut Run,
    reviewed: &mut Review,
) -> anyhow::Result<ExitStatus> {
    run.plan_all(context)?;
    let mut stacks = run.deployment.stacks();
    let mut answers = GateAnswers::new(confirm);
    let mut applied = BTreeSet::new();
    let mut has_begun_to_apply = false;
    let status = loop {
        let review = run.deployment.review(&stacks);
        let mut blocked = run.judge(context, &review);
        // Later rounds have plans that no review has shown yet, and a resumed run has applied some already.
        if answers.round() == 1 && request.resumes.is_none() && !confirm.confirm_rounds {
            blocked.extend(run.guards.judge_exception_addresses(&review));
        }
        run.deployment.report_review(answers.round(), &review, &blocked)?;
        reviewed.stacks.extend(review.stacks.iter().cloned());
        match round(context, request, &mut answers, run_mode, run, &review, &blocked)? {
            RoundResult::Stopped(status) => break status,
            RoundResult::Applied => {
                has_begun_to_apply = true;
                let now = run.applied_stacks();
                // Plans that always exceed the confirmed changes would be reviewed for ever.
                if now == applied && run.deployment.has_plan_beyond_confirmed() {
                    run.deployment.skip_deferred()?;
                    break run.deployment.dispatcher().status(false);
                }
                applied = now;
            }
            RoundResult::Idle => {}
        }
        answers.begin_round();
        stacks = run.stacks_of_next_round(context, answers.round());
        if stacks.is_empty() {
            run.deployment.skip_deferred()?;
            break run.deployment.dispatcher().status(false);
        }
        run.deployment.plan(&stacks)?;
    };
    if !request.json
        && has_begun_to_apply
        && let Some(report) = run.deployment.dispatcher().report()
    {
        let styles = context.printer.out_styles();
        let table = reporter::report_table(&report, styles, context.printer.width());
        context.printer.text(format_args!("\n{table}"))?;
    }
    Ok(status)
}

/// Runs one review, one gate and one apply.
fn round(
    context: &Context,
    request: &RunRequest,
    answers: &mut GateAnswers,
    run_mode: RunMode,
    run: &mut Run,
    review: &Review,
    blocked: &[Blocked],
) -> anyhow::Result<RoundResult> {
    let mut kept_text = None;
    let stopped = gate_round(context, request, answers, run_mode, run, (review, blocked), &mut kept_text);
    if let Some(text) = kept_text {
        context.printer.text(text)?;
    }
    if let Some(stopped) = stopped? {
        return Ok(stopped);
    }
    run.guards.count_confirmed(review);
    run.deployment.apply()?;
    Ok(RoundResult::Applied)
}

/// Shows one review and passes its gate; returns the result of a round that ends there. `kept_text` is the review as text for
/// standard output, if that must wait for the answer.
fn gate_round(
    context: &Context,
    request: &RunRequest,
    answers: &mut GateAnswers,
    run_mode: RunMode,
    run: &mut Run,
    (review, blocked): (&Review, &[Blocked]),
    kept_text: &mut Option<String>,
) -> anyhow::Result<Option<RoundResult>> {
    let stopped = run.deployment.dispatcher().status(false);
    let environment = run.environment.clone();
    let invocation = run.invocation(request, answers, run_mode);
    let reviewed = ReviewSummary {
        digest: review.digest(),
        totals: review.totals(),
        stacks: review.changed_stacks().count(),
    };
    let position = run.gate_round(answers, review);
    let protected = run.needs_confirmation;
    let confirmation = answers.confirmation();
    let yes = answers.yes;
    let request_with = |record| GateRequest {
        invocation: &invocation,
        environment: &environment,
        protected,
        destroy: run_mode.mode == PlanMode::Destroy,
        confirmation: confirmation.as_ref(),
        yes,
        terminal: context.terminal.interactive,
        round: &position,
        review: &reviewed,
        record,
    };
    let empty = GateRecord::default();
    let is_confirmable = blocked.is_empty()
        && review.unplanned_stacks().next().is_none()
        && review.changed_stacks().next().is_some();
    let asks = is_confirmable
        && context.terminal.interactive
        && (matches!(gate(&request_with(&empty)), Gate::Ask(_))
            || run.guards.checklist.needs_prompt(&request.acks));
    *kept_text = run.show_review(context, request, review, blocked, asks)?;
    // No plan is applied unless all stacks could be planned.
    if review.unplanned_stacks().next().is_some() {
        if request.adopts_plans()
            && review.unplanned_stacks().any(|stack| matches!(stack.outcome, Outcome::Refused(_)))
        {
            run.hint_new_plans(context);
        }
        return Ok(Some(RoundResult::Stopped(stopped)));
    }
    if review.changed_stacks().next().is_none() {
        return Ok(Some(RoundResult::Idle));
    }
    if let Some(refusal) = run.incomplete_answers(blocked, request, &request_with(&empty)) {
        return refuse(context, run, review, &refusal).map(Some);
    }
    let dispatcher = run.deployment.dispatcher();
    let ask = |ask: &Prompt| dispatcher.ask(ask, &context.prompter);
    match run.guards.checklist.confirm_items(context.terminal.interactive, &request.acks, ask)? {
        ChecklistResult::Confirmed => {}
        ChecklistResult::Refused(refusal) => {
            let refusal = run.with_hint(refusal, &[], request, &request_with(&empty));
            return refuse(context, run, review, &refusal).map(Some);
        }
        ChecklistResult::Interrupted(signal) => {
            return Ok(Some(RoundResult::Stopped(ExitStatus::Interrupted(signal))));
        }
    }
    let record = run.guards.record(context, Some(review.digest()));
    match run.deployment.dispatcher().gate(&request_with(&record), &context.prompter)? {
        GateResult::Confirmed => answers.record_confirmation(run.guards.shown_losses(review)),
        GateResult::Refused(mut refusal) => {
            // Plans of a later round, and of a resumed run, are continued by `runs resume`.
            if refusal.hint.is_none() && !position.is_later && request.resumes.is_none() {
                refusal.hint = Some(run.hint_kept_plans(&reviewed.digest));
            }
            return Ok(Some(stop_refused(context, run, &refusal)));
        }
        GateResult::Interrupted(signal) => {
            return Ok(Some(RoundResult::Stopped(ExitStatus::Interrupted(signal))));
        }
    }
    // The answer to the prompt may have taken an hour.
    let late = run.guards.refusals_by_time(review, context.clock.now());
    if !late.is_empty() {
        let refusal = run.with_hint(run.guards.refusal(&late), &late, request, &request_with(&empty));
        return refuse(context, run, review, &refusal).map(Some);
    }
    if run.deployment.refuse_changed_inputs()? {
        run.hint_new_plans(context);
        return Ok(Some(RoundResult::Stopped(run.deployment.dispatcher().status(false))));
    }
    Ok(None)
}

/// Records and prints a refusal that is not from the gate itself.
fn refuse(
    context: &Context,
    run: &mut Run,
    review: &Review,
    refusal: &Refusal,
) -> anyhow::Result<RoundResult> {
    let record = run.guards.record(context, Some(review.digest()));
    run.deployment.dispatcher().emit(EventKind::Decided(refusal.decision(&record)))?;
    Ok(stop_refused(context, run, refusal))
}

/// Prints a refusal that the journal holds already, and ends the round.
fn stop_refused(context: &Context, run: &mut Run, refusal: &Refusal) -> RoundResult {
    context.printer.error(&refusal.summary);
    if !refusal.detail.is_empty() {
        context.printer.say_always(refusal.indented());
    }
    if let Some(hint) = &refusal.hint {
        context.printer.hint(hint);
    }
    RoundResult::Stopped(run.deployment.dispatcher().status(false))
}
