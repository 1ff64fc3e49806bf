//! Rounds of `deploy` and `destroy`: plan, review, gate and apply, until no plan is left to confirm.

use std::collections::BTreeSet;

use super::{
    Confirm, Context, RunRequest,
    answers::Answers,
    finish,
    open::{self, Opened},
    preflight::checklist::Checked,
    request::RunMode,
};
use crate::{
    engine::PlanMode,
    event::EventKind,
    executor::{Ask, Gate, GateRequest, Gated, PriorResult, Refusal, Reviewed, gate},
    model::{Blocked, ExitStatus, GateRecord, Outcome, StackId},
    plans::{Review, guards::EarlierChanges},
    reporter,
};

/// Result of a round.
enum Round {
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
    run_adopting(context, request, confirm, run_mode, TakenOver::default())
}

/// Results of earlier runs that a run takes over.
#[derive(Debug, Default)]
pub(crate) struct TakenOver {
    /// Results of stacks, each in place of the first plan of its stack.
    pub(crate) stacks: Vec<(StackId, PriorResult)>,
    /// Changes that the earlier runs applied, which count for the limits.
    pub(crate) changes: EarlierChanges,
}

/// Plans, reviews and applies as `run` does, with results of earlier runs.
pub(crate) fn run_adopting(
    context: &Context,
    request: &RunRequest,
    confirm: &Confirm,
    run_mode: RunMode,
    taken: TakenOver,
) -> anyhow::Result<ExitStatus> {
    let mut opened = open::open(context, request, run_mode)?;
    opened.keep_answers(confirm);
    for (stack, earlier) in taken.stacks {
        opened.deployment.adopt(stack, earlier);
    }
    opened.guarded.resumes(taken.changes);
    let mut reviewed = opened.deployment.review(&[]);
    let status = rounds(context, request, confirm, run_mode, &mut opened, &mut reviewed);
    if reviewed.unplanned().next().is_none() {
        opened.guarded.say_idle(context, Some(&opened.deployment.accepted_states()));
    }
    finish::close(context, opened, request, status, &reviewed)
}

/// Runs rounds until no plan is left to confirm; the reviews of all rounds are added to `reviewed`.
fn rounds(
    context: &Context,
    request: &RunRequest,
    confirm: &Confirm,
    run_mode: RunMode,
    opened: &mut Opened,
    reviewed: &mut Review,
) -> anyhow::Result<ExitStatus> {
    opened.plan_all(context)?;
    let mut stacks = opened.deployment.stacks();
    let mut answers = Answers::new(confirm);
    let mut applied = BTreeSet::new();
    let mut has_begun_to_apply = false;
    let status = loop {
        let review = opened.deployment.review(&stacks);
        let mut blocked = opened.judge(context, &review);
        // Later rounds have plans that no review has shown yet, and a resumed run has applied some already.
        if answers.number() == 1 && request.resumes.is_none() && !confirm.confirm_rounds {
            blocked.extend(opened.guarded.judge_names(&review));
        }
        opened.deployment.reviewed(answers.number(), &review, &blocked)?;
        reviewed.stacks.extend(review.stacks.iter().cloned());
        match round(context, request, &mut answers, run_mode, opened, &review, &blocked)? {
            Round::Stopped(status) => break status,
            Round::Applied => {
                has_begun_to_apply = true;
                let now = opened.applied();
                // Plans that always exceed the confirmed changes would be reviewed for ever.
                if now == applied && opened.deployment.has_unsettled() {
                    opened.deployment.give_up_deferred()?;
                    break opened.deployment.dispatcher().status(false);
                }
                applied = now;
            }
            Round::Idle => {}
        }
        answers.begin_round();
        stacks = opened.next_round(context, answers.number());
        if stacks.is_empty() {
            opened.deployment.give_up_deferred()?;
            break opened.deployment.dispatcher().status(false);
        }
        opened.deployment.plan(&stacks)?;
    };
    if !request.json
        && has_begun_to_apply
        && let Some(report) = opened.deployment.dispatcher().report()
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
    answers: &mut Answers,
    run_mode: RunMode,
    opened: &mut Opened,
    review: &Review,
    blocked: &[Blocked],
) -> anyhow::Result<Round> {
    let stopped = opened.deployment.dispatcher().status(false);
    let environment = opened.environment.clone();
    let invocation = opened.invocation(request, answers, run_mode);
    let reviewed =
        Reviewed { digest: review.digest(), totals: review.totals(), stacks: review.changed().count() };
    let position = opened.gate_round(answers, review);
    let protected = opened.protected;
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
    let is_confirmable =
        blocked.is_empty() && review.unplanned().next().is_none() && review.changed().next().is_some();
    let asks = is_confirmable
        && context.terminal.interactive
        && (matches!(gate(&request_with(&empty)), Gate::Ask(_))
            || opened.guarded.checklist.would_ask(&request.acks));
    opened.show_review(context, request, review, blocked, asks)?;
    // No plan is applied unless all stacks could be planned.
    if review.unplanned().next().is_some() {
        if request.adopts() && review.unplanned().any(|stack| matches!(stack.outcome, Outcome::Refused(_))) {
            opened.say_unfit(context);
        }
        return Ok(Round::Stopped(stopped));
    }
    if review.changed().next().is_none() {
        return Ok(Round::Idle);
    }
    if let Some(refusal) = opened.incomplete_answers(blocked, request, &request_with(&empty)) {
        return refuse(context, opened, review, &refusal);
    }
    let dispatcher = opened.deployment.dispatcher();
    let ask = |ask: &Ask| dispatcher.ask(ask, &context.prompter);
    match opened.guarded.checklist.go_through(context.terminal.interactive, &request.acks, ask)? {
        Checked::Yes => {}
        Checked::Refused(refusal) => {
            let refusal = opened.with_hint(refusal, &[], request, &request_with(&empty));
            return refuse(context, opened, review, &refusal);
        }
        Checked::Interrupted(signal) => return Ok(Round::Stopped(ExitStatus::Interrupted(signal))),
    }
    let record = opened.guarded.record(context, Some(review.digest()));
    match opened.deployment.dispatcher().gate(&request_with(&record), &context.prompter)? {
        Gated::Confirmed => answers.confirmed(opened.guarded.shown_losses(review)),
        Gated::Refused(refusal) => return Ok(said(context, opened, &refusal)),
        Gated::Interrupted(signal) => return Ok(Round::Stopped(ExitStatus::Interrupted(signal))),
    }
    // The answer to the prompt may have taken an hour.
    let late = opened.guarded.late(review, context.clock.now());
    if !late.is_empty() {
        let refusal = opened.with_hint(opened.guarded.refusal(&late), &late, request, &request_with(&empty));
        return refuse(context, opened, review, &refusal);
    }
    if opened.deployment.refuse_unfit()? {
        opened.say_unfit(context);
        return Ok(Round::Stopped(opened.deployment.dispatcher().status(false)));
    }
    opened.guarded.confirmed(review);
    opened.deployment.apply()?;
    Ok(Round::Applied)
}

/// Records a refusal that is not the gate's own, and prints it.
fn refuse(
    context: &Context,
    opened: &mut Opened,
    review: &Review,
    refusal: &Refusal,
) -> anyhow::Result<Round> {
    let record = opened.guarded.record(context, Some(review.digest()));
    opened.deployment.dispatcher().emit(EventKind::Decided(refusal.decision(&record)))?;
    Ok(said(context, opened, refusal))
}

/// Prints a refusal that is recorded already.
fn said(context: &Context, opened: &mut Opened, refusal: &Refusal) -> Round {
    let redactor = opened.runner.redactor();
    context.printer.error(redactor.mask(&refusal.summary));
    if !refusal.detail.is_empty() {
        context.printer.always(redactor.mask(&refusal.indented()));
    }
    if let Some(hint) = &refusal.hint {
        context.printer.hint(redactor.mask(hint));
    }
    Round::Stopped(opened.deployment.dispatcher().status(false))
}
