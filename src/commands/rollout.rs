//! What `deploy` and `destroy` share: rounds of plan, review, gate and apply, until nothing is left to confirm.

use super::{
    Confirm, Context, RunRequest,
    checklist::Checked,
    closing,
    opening::{self, Opened, Wish},
};
use crate::{
    engine::PlanMode,
    event::EventKind,
    executor::{Ask, Earlier, GateRequest, Gated, Refusal, Reviewed},
    model::{Blocked, ExitStatus, Outcome, StackId},
    plans::Review,
    reporter,
};

/// How a round ended.
enum Round {
    /// There was nothing to apply.
    Idle,
    /// What was confirmed was applied, or tried to be.
    Applied,
    /// Not confirmed; it has been said why.
    Stopped(ExitStatus),
}

/// Runs it to its end.
pub(super) fn run(
    context: &Context,
    request: &RunRequest,
    confirm: &Confirm,
    wish: Wish,
) -> anyhow::Result<ExitStatus> {
    run_adopting(context, request, confirm, wish, Vec::new())
}

/// The same, with what an earlier run made of some of the stacks in the place of their first plans.
pub(super) fn run_adopting(
    context: &Context,
    request: &RunRequest,
    confirm: &Confirm,
    wish: Wish,
    earlier: Vec<(StackId, Earlier)>,
) -> anyhow::Result<ExitStatus> {
    let mut opened = opening::open(context, request, wish)?;
    for (stack, earlier) in earlier {
        opened.deployment.adopt(stack, earlier);
    }
    let mut reviewed = opened.deployment.review(&[]);
    let status = rounds(context, request, confirm, wish, &mut opened, &mut reviewed);
    if reviewed.unplanned().next().is_none() {
        opened.guarded.say_idle(context);
    }
    closing::close(context, opened, request, status, &reviewed)
}

/// Rounds until nothing is left to confirm; `reviewed` takes in what each of them reviewed.
fn rounds(
    context: &Context,
    request: &RunRequest,
    confirm: &Confirm,
    wish: Wish,
    opened: &mut Opened,
    reviewed: &mut Review,
) -> anyhow::Result<ExitStatus> {
    opened.plan_all(context)?;
    let mut stacks = opened.deployment.stacks();
    let mut confirm = confirm.clone();
    let mut applied = false;
    let status = loop {
        let review = opened.deployment.review(&stacks);
        let blocked = opened.judge(context, &review);
        opened.deployment.reviewed(&review, &blocked)?;
        reviewed.stacks.extend(review.stacks.iter().cloned());
        match round(context, request, &confirm, wish, opened, &review, &blocked)? {
            Round::Stopped(status) => break status,
            Round::Applied => applied = true,
            Round::Idle => {}
        }
        if opened.deployment.has_unsettled() && context.terminal.interactive {
            // What was answered in advance was answered for another plan: a person has to see this one.
            confirm.confirmation = None;
            confirm.yes = false;
        }
        stacks = opened.next_round(context);
        if stacks.is_empty() {
            opened.deployment.give_up_deferred()?;
            break opened.deployment.dispatcher().status(false);
        }
        opened.deployment.plan(&stacks)?;
    };
    opened.deployment.dispatcher().flush();
    if !request.json
        && applied
        && let Some(report) = opened.deployment.dispatcher().report()
    {
        let styles = context.printer.out_styles();
        let table = reporter::report_table(&report, styles, context.printer.width());
        context.printer.text(format_args!("\n{table}"))?;
    }
    Ok(status)
}

/// One review, one gate, one apply.
fn round(
    context: &Context,
    request: &RunRequest,
    confirm: &Confirm,
    wish: Wish,
    opened: &mut Opened,
    review: &Review,
    blocked: &[Blocked],
) -> anyhow::Result<Round> {
    opened.deployment.dispatcher().flush();
    let text = opened.review_text(review, blocked, context)?;
    if !request.json {
        context.printer.text(text)?;
    } else if context.terminal.interactive {
        context.printer.always(text);
    }
    let stopped = opened.deployment.dispatcher().status(false);
    // Nothing is applied unless everything could be planned.
    if review.unplanned().next().is_some() {
        if request.adopts() && review.unplanned().any(|stack| matches!(stack.outcome, Outcome::Refused(_))) {
            opened.say_unfit(context);
        }
        return Ok(Round::Stopped(stopped));
    }
    if review.changed().next().is_none() {
        return Ok(Round::Idle);
    }
    let invocation = request.command_line(wish.command, &opened.environment, &context.overrides);
    if !blocked.is_empty() {
        let refusal = opened.refusal(blocked, &invocation);
        return refuse(context, opened, review, &refusal);
    }
    let dispatcher = opened.deployment.dispatcher();
    let ask = |ask: &Ask| dispatcher.ask(ask, &context.prompter);
    match opened.guarded.checklist.go_through(context.terminal.interactive, &request.acks, ask)? {
        Checked::Yes => {}
        Checked::Refused(refusal) => return refuse(context, opened, review, &refusal),
        Checked::Interrupted(signal) => return Ok(Round::Stopped(ExitStatus::Interrupted(signal))),
    }
    let reviewed =
        Reviewed { digest: review.digest(), totals: review.totals(), stacks: review.changed().count() };
    let environment = opened.environment.clone();
    let gate = GateRequest {
        invocation: &invocation,
        environment: &environment,
        protected: opened.protected,
        destroy: wish.mode == PlanMode::Destroy,
        confirmation: confirm.confirmation.as_ref(),
        yes: confirm.yes,
        terminal: context.terminal.interactive,
        review: &reviewed,
        record: &opened.guarded.record(context, Some(review.digest())),
    };
    match opened.deployment.dispatcher().gate(&gate, &context.prompter)? {
        Gated::Confirmed => {}
        Gated::Refused(refusal) => return Ok(said(context, opened, &refusal)),
        Gated::Interrupted(signal) => return Ok(Round::Stopped(ExitStatus::Interrupted(signal))),
    }
    // Somebody may have thought about it for an hour.
    let late = opened.guarded.late(review, context.clock.now());
    if !late.is_empty() {
        let refusal = opened.guarded.refusal(&late, &invocation);
        return refuse(context, opened, review, &refusal);
    }
    if opened.deployment.refuse_unfit()? {
        opened.deployment.dispatcher().flush();
        opened.say_unfit(context);
        return Ok(Round::Stopped(opened.deployment.dispatcher().status(false)));
    }
    opened.guarded.confirmed(review);
    opened.deployment.apply()?;
    Ok(Round::Applied)
}

/// Records a refusal that is not the gate's own, and says it.
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

/// Says a refusal that is recorded.
fn said(context: &Context, opened: &mut Opened, refusal: &Refusal) -> Round {
    opened.deployment.dispatcher().flush();
    context.printer.error(&refusal.summary);
    if !refusal.detail.is_empty() {
        context.printer.always(refusal.indented());
    }
    if let Some(hint) = &refusal.hint {
        context.printer.hint(hint);
    }
    Round::Stopped(opened.deployment.dispatcher().status(false))
}

impl Opened {
    /// The stacks of one more round: those that could not be planned before and now can, and, where a person can be
    /// asked, those whose new plan went beyond what was confirmed.
    fn next_round(&mut self, context: &Context) -> Vec<StackId> {
        let asks = self.deployment.has_unsettled() && context.terminal.interactive;
        let (stacks, why) = if asks {
            let why = "some plans went beyond what was confirmed; they are planned again for a new review";
            (self.deployment.unsettled(), why)
        } else {
            (self.deployment.due(), "what could not be planned before is planned now")
        };
        if !stacks.is_empty() {
            self.deployment.dispatcher().flush();
            context.printer.say(why);
        }
        stacks
    }
}
