//! End of a run: the last event, the report in all requested forms, and the final messages.

use anyhow::Context as _;

use super::{
    Context, RunRequest, Stopped, output_file, started_run::Run, stored_values::remove_unneeded_values,
};
use crate::{
    model::{ExitStatus, Report},
    plans::Review,
    reporter,
};

/// Ends the run in any case, writes the requested files, and returns the status.
///
/// An error on the way, or a file that cannot be written, turns a success into a failure, but hides no worse status and
/// leaves no run without its last event.
pub(crate) fn close(
    context: &Context,
    mut run: Run,
    request: &RunRequest,
    ended: anyhow::Result<ExitStatus>,
    review: &Review,
) -> anyhow::Result<ExitStatus> {
    let (mut status, error) = match ended {
        Ok(status) => (status, None),
        Err(error) => (run.deployment.dispatcher().status(false).max(ExitStatus::Failed), Some(error)),
    };
    let mutated = run.deployment.dispatcher().has_mutated();
    let finished = run.deployment.into_dispatcher().finish(status);
    for note in &finished.notes {
        context.printer.warn(note);
    }
    let Some(report) = finished.report else {
        return Err(error.unwrap_or_else(|| Stopped::defect("the run has no report").into()));
    };
    if let Err(problem) = remove_unneeded_values(context, request, &report, mutated) {
        context
            .printer
            .warn(format_args!("values that run {} was given are not removed: {problem:#}", report.run));
    }
    let written = write_files(context, request, &report, review);
    let printed = if request.json { print(context, &report) } else { Ok(()) };
    for problem in [error.map_or(Ok(()), Err), written, printed].into_iter().filter_map(Result::err) {
        context.printer.error(format_args!("{problem:#}"));
        status = status.max(ExitStatus::Failed);
    }
    if mutated && status != ExitStatus::Success {
        let resume = || context.given_flags().command(&format!("runs resume {}", run.id));
        let next = report.next.clone().unwrap_or_else(resume);
        context.printer.hint(format_args!("`{next}` goes on with what is left"));
    }
    Ok(status)
}

fn print(context: &Context, report: &Report) -> anyhow::Result<()> {
    let text = serde_json::to_string_pretty(report)?;
    context.printer.data(format_args!("{text}\n")).context("standard output")
}

fn write_files(
    context: &Context,
    request: &RunRequest,
    report: &Report,
    review: &Review,
) -> anyhow::Result<()> {
    if let Some(path) = &request.report {
        let path = context.dir.join(path);
        let text = serde_json::to_vec_pretty(report)?;
        output_file::replace(&path, &text)
            .map_err(|e| anyhow::anyhow!("the report cannot be written to `{path}`: {e}"))?;
    }
    if let Some(path) = &request.summary {
        let path = context.dir.join(path);
        let show = context.given_flags().command(&format!("runs show {}", report.run));
        let text = reporter::summary(report, review, &show);
        output_file::append(&path, &text)
            .map_err(|e| anyhow::anyhow!("the summary cannot be written to `{path}`: {e}"))?;
    }
    Ok(())
}
