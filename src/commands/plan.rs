//! `envctl plan`: plans every selected stack and prints one review; changes nothing.

use crate::{
    engine::PlanMode,
    model::{ExitStatus, RunVerb},
    plans::Review,
    run::{Context, RunRequest, finish, open, request::RunMode, started_run::Run},
};

/// Arguments of `envctl plan`.
#[derive(Debug, Clone)]
pub struct PlanRunRequest {
    /// Options of the run.
    pub run: RunRequest,
    /// True if changes lead to exit code 2.
    pub detailed_exitcode: bool,
}

/// Runs `envctl plan`.
pub fn run(context: &Context, request: &PlanRunRequest) -> anyhow::Result<ExitStatus> {
    let run_mode = RunMode { verb: RunVerb::Plan, mode: PlanMode::Normal };
    let mut run = open::open(context, &request.run, run_mode)?;
    let mut review = run.deployment.review(&[]);
    let status = plan(context, request, &mut run, &mut review);
    finish::close(context, run, &request.run, status, &review)
}

fn plan(
    context: &Context,
    request: &PlanRunRequest,
    run: &mut Run,
    review: &mut Review,
) -> anyhow::Result<ExitStatus> {
    run.plan_all(context)?;
    let stacks = run.deployment.stacks();
    *review = run.deployment.review(&stacks);
    let mut blocked = run.judge(context, review);
    blocked.extend(run.guards.judge_exception_addresses(review));
    run.deployment.report_review(1, review, &blocked)?;
    let status = run.deployment.dispatcher().status(request.detailed_exitcode);
    if !request.run.json {
        context.printer.text(run.review_text(review, &blocked, context, context.printer.out_styles())?)?;
    }
    if review.unplanned_stacks().next().is_none() {
        run.guards.warn_unused_exceptions(context, Some(&run.deployment.accepted_states()));
    }
    Ok(status)
}
