//! `envctl plan`: plans every selected stack and prints one review; changes nothing.

use crate::{
    engine::PlanMode,
    model::{ExitStatus, RunVerb},
    plans::Review,
    run::{
        Context, RunRequest, finish,
        open::{self, Opened},
        request::RunMode,
    },
};

/// Arguments of `envctl plan`.
#[derive(Debug, Clone)]
pub struct Request {
    /// Options of the run.
    pub run: RunRequest,
    /// True if changes lead to exit code 2.
    pub detailed_exitcode: bool,
}

/// Runs `envctl plan`.
pub fn run(context: &Context, request: &Request) -> anyhow::Result<ExitStatus> {
    let run_mode = RunMode { verb: RunVerb::Plan, mode: PlanMode::Normal };
    let mut opened = open::open(context, &request.run, run_mode)?;
    let mut review = opened.deployment.review(&[]);
    let status = plan(context, request, &mut opened, &mut review);
    finish::close(context, opened, &request.run, status, &review)
}

fn plan(
    context: &Context,
    request: &Request,
    opened: &mut Opened,
    review: &mut Review,
) -> anyhow::Result<ExitStatus> {
    opened.plan_all(context)?;
    let stacks = opened.deployment.stacks();
    *review = opened.deployment.review(&stacks);
    let mut blocked = opened.judge(context, review);
    blocked.extend(opened.guarded.judge_names(review));
    opened.deployment.reviewed(1, review, &blocked)?;
    let status = opened.deployment.dispatcher().status(request.detailed_exitcode);
    if !request.run.json {
        context.printer.text(opened.review_text(
            review,
            &blocked,
            (context, context.printer.out_styles()),
        )?)?;
    }
    if review.unplanned().next().is_none() {
        opened.guarded.say_idle(context, Some(&opened.deployment.accepted_states()));
    }
    Ok(status)
}
